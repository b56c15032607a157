"""Forms of the login pages, with our labels."""

from __future__ import annotations

from typing import Any

from allauth.account import forms
from django.forms import BaseForm


class LoginForm(forms.LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _set_labels(self, login="Username or e-mail", remember="Stay logged in on this device for two weeks")
        self.fields["login"].widget.attrs |= {"autocomplete": "username", "autocapitalize": "none"}


class ChangePasswordForm(forms.ChangePasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _set_labels(self, oldpassword="Current password", password1="New password", password2="Confirm new password")


class SetPasswordForm(forms.SetPasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _set_labels(self, password1="New password", password2="Confirm new password")


class ResetPasswordForm(forms.ResetPasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _set_labels(self, email="E-mail address")


class ResetPasswordKeyForm(forms.ResetPasswordKeyForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _set_labels(self, password1="New password", password2="Confirm new password")


def _set_labels(form: BaseForm, **labels: str) -> None:
    for name, label in labels.items():
        form.fields[name].label = label
