"""All settings, read from the environment or `.env`; docs/settings.md explains each one."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

from config import environment, log_records, scrubber, sentry
from config.environment import env
from config.unfold import UNFOLD as UNFOLD

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"
environment.read_env_file(BASE_DIR)
# First of all: nothing that is logged, stored, shown or reported may contain a secret.
scrubber.learn_environment(os.environ)
log_records.install()

DEBUG = environment.yes_or_no("DEBUG", False)
SECRET_KEY = environment.secret_key(DEBUG)
ENCRYPTION_KEYS = environment.encryption_keys(DEBUG, SECRET_KEY)
scrubber.learn(SECRET_KEY, *ENCRYPTION_KEYS, lasting=True)
PUBLIC_URL = environment.address("PUBLIC_URL", "http://localhost:8000")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[]) or [
    urlsplit(PUBLIC_URL).hostname,
    *(["localhost", "127.0.0.1", "[::1]"] if DEBUG else []),
]
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[]) or [PUBLIC_URL]

# --- the two vendors -------------------------------------------------------------------------------------------
CLOCKIFY_API_URL = environment.address("CLOCKIFY_API_URL", "https://api.clockify.me/api/v1")
CLOCKIFY_REPORTS_URL = environment.address("CLOCKIFY_REPORTS_URL", "https://reports.api.clockify.me/v1")
QUICKBOOKS_CLIENT_ID = environment.text("QUICKBOOKS_CLIENT_ID")
QUICKBOOKS_CLIENT_SECRET = environment.text("QUICKBOOKS_CLIENT_SECRET")
QUICKBOOKS_API_URL = environment.address("QUICKBOOKS_API_URL", "https://quickbooks.api.intuit.com")
QUICKBOOKS_AUTHORIZE_URL = environment.address(
    "QUICKBOOKS_AUTHORIZE_URL", "https://appcenter.intuit.com/connect/oauth2"
)
QUICKBOOKS_TOKEN_URL = environment.address(
    "QUICKBOOKS_TOKEN_URL", "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer"
)
QUICKBOOKS_REVOKE_URL = environment.address(
    "QUICKBOOKS_REVOKE_URL", "https://developer.api.intuit.com/v2/oauth2/tokens/revoke"
)
QUICKBOOKS_WEBHOOK_VERIFIER_TOKEN = environment.text("QUICKBOOKS_WEBHOOK_VERIFIER_TOKEN")
QUICKBOOKS_MAX_PER_SECOND = environment.number("QUICKBOOKS_MAX_PER_SECOND", 10)
QUICKBOOKS_MAX_PER_MINUTE = environment.number("QUICKBOOKS_MAX_PER_MINUTE", 500)
QUICKBOOKS_MAX_BATCHES_PER_MINUTE = environment.number("QUICKBOOKS_MAX_BATCHES_PER_MINUTE", 40)
# The number of new entries in a run from which some are sent in batches; 0: never.
BATCHES_FROM = environment.number("BATCHES_FROM", 500)
CLOCKIFY_MAX_PER_SECOND = environment.number("CLOCKIFY_MAX_PER_SECOND", 50)
# oauthlib refuses plain http altogether; the settings above allow it only to this machine (the sandbox).
if urlsplit(QUICKBOOKS_TOKEN_URL).scheme == "http":
    os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"

# In seconds. A killed run is resumed after LEASE_SECONDS at the latest; a live one renews every HEARTBEAT_SECONDS.
LEASE_SECONDS = environment.number("LEASE_SECONDS", 30)
HEARTBEAT_SECONDS = environment.number("HEARTBEAT_SECONDS", 5)
# In seconds: how long a host that does not answer may delay a command, in all attempts; its start takes a few more.
GIVE_UP_SECONDS = environment.number("GIVE_UP_SECONDS", 27)
# In seconds: how long after a create, update or delete a missing record may still appear (Intuit cuts off at 120).
SETTLE_SECONDS = environment.number("SETTLE_SECONDS", 180)

# --- Django ----------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_q",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "integrations",
    "mapping",
    "syncjobs",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    # Masked form tokens and padding of a random length keep secrets from being guessed by the size of an answer.
    "django.middleware.gzip.GZipMiddleware",
    "config.csp.ContentSecurityPolicy",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "config.nul.RefuseNul",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "syncjobs.pages.unreadable_secret.SayUnreadableSecret",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            # Template tags of one group of pages belong to its package, not to `templatetags`, which all pages share.
            "libraries": {"desk": "syncjobs.pages.desk.tags"},
        },
    }
]

SQLITE_URL = f"sqlite:///{VAR_DIR / 'hourbridge.sqlite3'}"
DATABASES = {"default": environment.database("DATABASE_URL", SQLITE_URL)}
DATABASES["default"]["CONN_MAX_AGE"] = 60
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    VAR_DIR.mkdir(exist_ok=True)
    # WAL and IMMEDIATE let several processes write without "database is locked" and without lost updates.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;",
    }
else:
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = environment.text("REDIS_URL")
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "hourbridge_cache"}
}

# The queue only carries run ids. Its own retries are off: they would repeat work that is still going on, and the rows
# of runs with their leases are what counts (docs/decisions/0003).
Q_CLUSTER = {
    "name": "hourbridge",
    "orm": "default",
    "workers": 2,
    "timeout": 1800,
    "retry": 86400,
    "max_attempts": 1,
    "ack_failures": True,
    "save_limit": 0,
    "queue_limit": 2,
    "bulk": 1,
    "catch_up": False,
    "recycle": 200,
    "max_rss": 300_000,
    "poll": 0.5,
    "cache": "default",
    "label": "Task queue",
    # Our own rows say what is due. Its schedules may name any function, and its rows are not signed.
    "scheduler": False,
}

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
TIME_ZONE = "UTC"
USE_TZ = True
FORMAT_MODULE_PATH = ["config.formats"]
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [path for path in [BASE_DIR / "templates" / "static"] if path.is_dir()]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG

if not DEBUG:
    SECURE_CONTENT_TYPE_NOSNIFF = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = urlsplit(PUBLIC_URL).scheme == "https"
SESSION_COOKIE_HTTPONLY = True
MESSAGE_STORAGE = "config.flash.ScrubbedStorage"

# --- logging in ------------------------------------------------------------------------------------------------
# People are created by an administrator (docs/people.md); nobody signs up, and e-mail addresses are not verified.
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "admin:index"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "integrations.accounts.adapters.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "integrations.accounts.forms.LoginForm",
    "change_password": "integrations.accounts.forms.ChangePasswordForm",
    "set_password": "integrations.accounts.forms.SetPasswordForm",
    "reset_password": "integrations.accounts.forms.ResetPasswordForm",
    "reset_password_from_key": "integrations.accounts.forms.ResetPasswordKeyForm",
}
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
# No mail to unknown addresses, and the page does not reveal which ones are known.
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
MFA_ADAPTER = "integrations.accounts.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Hourbridge"
MFA_ALLOW_UNVERIFIED_EMAIL = True
# Login attempts are counted per IP address; behind a proxy all users would otherwise share the proxy's.
ALLAUTH_TRUSTED_PROXY_COUNT = int(environment.number("TRUSTED_PROXY_COUNT", 0))

vars().update(env.email_url("EMAIL_URL", default="consolemail://"))
DEFAULT_FROM_EMAIL = environment.text("DEFAULT_FROM_EMAIL", "hourbridge@localhost")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "hourbridge": {"level": environment.text("LOG_LEVEL", "WARNING")},
        "django": {"level": "WARNING"},
        # oauthlib logs tokens at DEBUG, which must never happen.
        "oauthlib": {"level": "WARNING", "propagate": False},
        "requests_oauthlib": {"level": "WARNING", "propagate": False},
    },
}

SENTRY_DSN = environment.text("SENTRY_DSN")
if SENTRY_DSN:
    sentry.start(SENTRY_DSN)
