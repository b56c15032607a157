"""What the model knows of QuickBooks: what was sent for which entry, and what people did to it there."""

from __future__ import annotations

from typing import Any

from sandbox.clockify.records import Entry
from syncjobs.models import Receipt
from tests.histories.rules import Content, Rules, Sent, There, Time, Verdict, content_of
from tests.histories.who_is_who import WhoIsWho
from tests.support.scene import Scene

Doubt = tuple[str, Time | None, Content, int]  # verb, what was to be there, made from which content and start
WRITES = {"send", "update", "delete"}
NOTHING = (Time("", "", "", "", 0, 0, "", ""), (), 0)


def time_of(raw: dict[str, Any]) -> Time:
    kind = raw["NameOf"]
    return Time(
        kind,
        raw[f"{kind}Ref"]["value"],
        raw["CustomerRef"]["value"],
        raw["TxnDate"],
        raw["Hours"] * 60 + raw["Minutes"],
        float(raw["HourlyRate"]),
        raw.get("Description", ""),
        (raw.get("ItemRef") or {}).get("value", ""),
    )


def shows(raw: dict[str, Any], wanted: Time) -> bool:
    """The record says in every field what we meant to write; without an item of ours any will do."""
    found = time_of(raw)
    return found == (wanted if wanted.item else wanted._replace(item=found.item))


class Books:
    """Follows each run by what it left in QuickBooks, and says whether the rules allow that."""

    def __init__(self, scene: Scene, rules: Rules, who: WhoIsWho) -> None:
        self.scene, self.rules, self.who = scene, rules, who
        self.sent: dict[str, Sent] = {}
        self.there: dict[str, There] = {}
        self.doubts: dict[str, list[Doubt]] = {}

    # --- verdicts ------------------------------------------------------------------------------------------
    def verdict(self, entry_id: str) -> Verdict | None:
        """None for an entry that is neither in Clockify nor, by our doing, in QuickBooks."""
        entry, sent = self.scene.place.entries.get(entry_id), self.sent.get(entry_id)
        there = self.there.get(sent.key) if sent else None
        if entry is not None:
            return self.rules.decide(entry, sent, there, self._has_twin(entry))
        return self.rules.decide_gone(sent, there) if sent else None

    def verdicts(self) -> dict[str, Verdict]:
        found = {key: self.verdict(key) for key in sorted({*self.scene.place.entries, *self.sent})}
        return {key: one for key, one in found.items() if one is not None}

    def _has_twin(self, entry: Entry) -> bool:
        pairs = self.who.pairs
        if ("user", entry.user_id) not in pairs or ("project", entry.project_id or "") not in pairs:
            return False
        wanted = self.rules.time(entry, None)[:5]
        return any(time_of(one.raw)[:5] == wanted for one in self.there.values() if one.by_hand)

    # --- what people do ------------------------------------------------------------------------------------
    def note_hand(self, key: str, *, moved: bool = True) -> None:
        """Somebody entered, changed, billed or removed this activity in QuickBooks."""
        raw = self.scene.books.records["TimeActivity"].get(key)
        if raw is None:
            self.there.pop(key, None)
            return
        there = self.there.setdefault(key, There("", dict(raw), by_hand=True))
        there.raw = dict(raw)
        there.changed = there.changed or moved

    # --- what a run did ------------------------------------------------------------------------------------
    def expect(self, due: dict[str, Verdict]) -> None:
        """Whatever was due may be on its way from now on."""
        for key, verdict in due.items():
            if verdict.verb in WRITES:
                self.doubts.setdefault(key, []).append(self._doubt(key, verdict))

    def _doubt(self, key: str, verdict: Verdict) -> Doubt:
        entry = self.scene.place.entries.get(key)
        return verdict.verb, verdict.time, content_of(entry) if entry else (), entry.start if entry else 0

    def follow(self) -> None:
        """Take over what a run left. Raises AssertionError where no rule asked for it."""
        found = {one["Id"]: one for one in self.scene.activities()}
        claims = dict(Receipt.objects.filter(state="sent").values_list("quickbooks_id", "entry_id"))
        for key in sorted({*self.there, *found}, key=int):
            there = self.there.get(key)
            if there is None or not (there.entry or there.by_hand):
                self._follow_stray(key, found.get(key), claims.get(key, ""))
            elif key not in found:
                self._follow_deletion(key, there)
            elif there.raw != found[key]:
                self._follow_update(key, there, found[key])
        self._note_invisible_edits()
        if not self.scene.open_actions():
            self.doubts.clear()

    def _follow_stray(self, key: str, raw: dict[str, Any] | None, claimed: str) -> None:
        """Time that nobody claimed before: new, or its answer was lost. It belongs to one of the writes in doubt."""
        if raw is None:
            owners = [one for one in self.doubts if "delete" in {verb for verb, *_ in self._ways(one, key)}]
            assert owners, f"{self.there[key].raw} was deleted for no reason"
            del self.there[key]
            return
        for owner in [claimed] if claimed else list(self.doubts):
            for verb, time, content, start in self._ways(owner, key):
                if verb != "delete" and time and shows(raw, time):
                    self.there[key] = There(claimed, raw)
                    if claimed:
                        assert owner not in self.sent or self.sent[owner].key not in self.there, f"{owner} went twice"
                        self.sent[owner] = Sent(key, time, content, start)
                    return
        raise AssertionError(f"{raw} was sent and nobody asked for it (claimed by {claimed or 'nobody'})")

    def _follow_deletion(self, key: str, there: There) -> None:
        del self.there[key]
        assert not (there.by_hand or there.billed or there.changed), f"{there.raw} was deleted, and is not ours by now"
        verbs = {verb for verb, *_ in self._ways(there.entry, key)}
        assert "delete" in verbs, f"{there.raw} was deleted for no reason"
        if self.sent.get(there.entry, Sent("", *NOTHING)).key == key:
            del self.sent[there.entry]

    def _follow_update(self, key: str, there: There, raw: dict[str, Any]) -> None:
        assert not (there.by_hand or there.billed or there.changed), f"{there.raw} became {raw}, and is not ours by now"
        for verb, time, content, start in self._ways(there.entry, key):
            if verb != "delete" and time and shows(raw, time):
                self.sent[there.entry] = Sent(key, time, content, start)
                there.raw = raw
                return
        raise AssertionError(f"{there.raw} became {raw}, and nobody asked for it")

    def _ways(self, owner: str, key: str) -> list[Doubt]:
        """What may have happened to an entry's time, newest first: what was due, or what is due once that arrived."""
        doubts = self.doubts.get(owner, [])
        before, ways = self.sent.get(owner), []
        for _, time, content, start in doubts:
            if time is not None:
                self.sent[owner] = Sent(key, time, content, start)
                verdict = self.verdict(owner)
                ways += [self._doubt(owner, verdict)] if verdict and verdict.verb in WRITES else []
        self.sent.pop(owner, None)
        if before is not None:
            self.sent[owner] = before
        return [*reversed(doubts), *ways]

    def _note_invisible_edits(self) -> None:
        """An edit that changes nothing of what was sent counts as sent once a run took note of it."""
        for key, sent in self.sent.items():
            entry, verdict = self.scene.place.entries.get(key), self.verdict(key)
            if entry and verdict and verdict.verb == "keep" and self._is_noted(key, entry):
                sent.content, sent.start = content_of(entry), entry.start

    def _is_noted(self, key: str, entry: Entry) -> bool:
        row, receipt = self.scene.mirrored(key), self.scene.receipt(key)
        end = int(row.end_at.timestamp()) if row.end_at else None
        start = int(row.start_at.timestamp())
        mirrored = (row.user_id, row.project_id, start, end, row.billable, row.description, row.type)
        return mirrored == content_of(entry) and receipt.content_hash == row.content_hash
