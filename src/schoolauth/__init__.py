"""schoolauth: the account core that school systems embed.

`SchoolAuth` is where to begin. Storage adapters live in `schoolauth.storage`, readers of staff
lists in `schoolauth.mis`, the asyncio face in `schoolauth.aio`, fakes for tests in
`schoolauth.testing`.
"""

from schoolauth.errors import (
    ApprovalRefused,
    ContractBroken,
    EmailInvalid,
    EmailMissing,
    EmailTaken,
    ImportRefused,
    LastAdmin,
    LoginRefused,
    MailNotSent,
    MappingOutdated,
    MisIdTaken,
    NameInvalid,
    NotConfigured,
    NotPermitted,
    Overloaded,
    PasswordChangeRequired,
    PasswordRejected,
    Refused,
    RosterProblem,
    RosterUnreadable,
    SchoolAuthError,
    SchoolTaken,
    SchoolUnknown,
    SessionEnded,
    StaleUser,
    StorageUnavailable,
    Throttled,
    TokenRefused,
    TooManyLeavers,
    TransitionForbidden,
    Unavailable,
    UsernameInvalid,
    UsernameTaken,
    UserNotFound,
    Violation,
)
from schoolauth.hashing import Argon2Hasher
from schoolauth.mail.held import HeldMailer
from schoolauth.mail.queued import QueuedMailer
from schoolauth.model.change import Change, HistoryQuery, Page, UserQuery
from schoolauth.model.diagnosis import Diagnosis, Finding
from schoolauth.model.duplicates import DuplicateGroup
from schoolauth.model.events import AuditEvent, describe_event
from schoolauth.model.imported import ImportedUser
from schoolauth.model.login import Login
from schoolauth.model.mail import MailMessage, MailOutcome
from schoolauth.model.mapping import (
    Create,
    Link,
    MappingItem,
    MappingPlan,
    MappingReport,
    Skip,
)
from schoolauth.model.names import EmailAddress, MisId, SchoolCode, UserId, UserKey, Username
from schoolauth.model.roster import RosterRow
from schoolauth.model.school import School
from schoolauth.model.token import PasswordTokenInfo, RecoveryRequest
from schoolauth.model.user import TRANSITIONS, Role, Status, StoredPassword, User
from schoolauth.ports import (
    Bucket,
    Clock,
    LegacyVerifier,
    Limit,
    Mailer,
    PasswordHasher,
    Refusal,
    SchoolDirectory,
    Store,
    Throttle,
    UserRepository,
)
from schoolauth.rules.passwords import PasswordPolicy, PolicyRule
from schoolauth.service.retention import LeaversErasure
from schoolauth.service.school_auth import Joined, SchoolAuth
from schoolauth.service.settings import Lifetimes, Links
from schoolauth.service.support_desk import SupportDesk
from schoolauth.service.user_management import UserManagement
from schoolauth.throttle import MemoryThrottle

__all__ = [
    "TRANSITIONS",
    "ApprovalRefused",
    "Argon2Hasher",
    "AuditEvent",
    "Bucket",
    "Change",
    "Clock",
    "ContractBroken",
    "Create",
    "Diagnosis",
    "DuplicateGroup",
    "EmailAddress",
    "EmailInvalid",
    "EmailMissing",
    "EmailTaken",
    "Finding",
    "HeldMailer",
    "HistoryQuery",
    "ImportRefused",
    "ImportedUser",
    "Joined",
    "LastAdmin",
    "LeaversErasure",
    "LegacyVerifier",
    "Lifetimes",
    "Limit",
    "Link",
    "Links",
    "Login",
    "LoginRefused",
    "MailMessage",
    "MailNotSent",
    "MailOutcome",
    "Mailer",
    "MappingItem",
    "MappingOutdated",
    "MappingPlan",
    "MappingReport",
    "MemoryThrottle",
    "MisId",
    "MisIdTaken",
    "NameInvalid",
    "NotConfigured",
    "NotPermitted",
    "Overloaded",
    "Page",
    "PasswordChangeRequired",
    "PasswordHasher",
    "PasswordPolicy",
    "PasswordRejected",
    "PasswordTokenInfo",
    "PolicyRule",
    "QueuedMailer",
    "RecoveryRequest",
    "Refusal",
    "Refused",
    "Role",
    "RosterProblem",
    "RosterRow",
    "RosterUnreadable",
    "School",
    "SchoolAuth",
    "SchoolAuthError",
    "SchoolCode",
    "SchoolDirectory",
    "SchoolTaken",
    "SchoolUnknown",
    "SessionEnded",
    "Skip",
    "StaleUser",
    "Status",
    "StorageUnavailable",
    "Store",
    "StoredPassword",
    "SupportDesk",
    "Throttle",
    "Throttled",
    "TokenRefused",
    "TooManyLeavers",
    "TransitionForbidden",
    "Unavailable",
    "User",
    "UserId",
    "UserKey",
    "UserManagement",
    "UserNotFound",
    "UserQuery",
    "UserRepository",
    "Username",
    "UsernameInvalid",
    "UsernameTaken",
    "Violation",
    "describe_event",
]
