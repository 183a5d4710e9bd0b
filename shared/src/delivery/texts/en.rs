//! English.

use super::{CodeWords, LinkWords, Minutes, NoticeWords, Notices, Plural, Remark, Texts};
use crate::rules::language::Language;

pub(super) static TEXTS: Texts = Texts {
    language: Language::En,
    account: "account",
    minutes: Minutes {
        less_than_one: "less than a minute",
        forms: Plural::One { one: "{{n}} minute", other: "{{n}} minutes" },
    },
    code_label: "Code",
    never_share: Remark {
        lead: "Never share this code.",
        text: "Nobody from {{tenant}} will ever ask you for it.",
    },
    mfa_code: CodeWords {
        subject: "{{code}} is your {{tenant}} code",
        heading: "Your code",
        instruction: "Enter it in {{application}} to continue. It is valid for {{validity}} and works once.",
        unasked: Remark {
            lead: "You did not ask for this code?",
            text: "Then somebody may know your password. Change your password now and tell nobody the code.",
        },
    },
    verify_email: CodeWords {
        subject: "{{code}} is your code to confirm your email address",
        heading: "Confirm your email address",
        instruction: "Enter this code in {{application}} to confirm that the address is yours. It is valid for {{validity}} and works once.",
        unasked: Remark {
            lead: "You did not ask for this?",
            text: "Then somebody may have entered your address by mistake. You can ignore this email.",
        },
    },
    sign_in_code: CodeWords {
        subject: "{{code}} is your sign-in code for {{tenant}}",
        heading: "Your sign-in code",
        instruction: "Enter it in {{application}} to sign in. It is valid for {{validity}} and works once.",
        unasked: Remark {
            lead: "You are not trying to sign in?",
            text: "Then you can ignore this email. Nobody gets in without the code.",
        },
    },
    enrolment_link: LinkWords {
        subject: "Set up two-step verification for {{tenant}}",
        heading: "Set up two-step verification",
        instruction: "{{tenant}} asks you to protect your account with a second step at sign-in. Open the link to set it up. It works once.",
        button: "Set it up",
        unasked: Remark {
            lead: "You did not expect this email?",
            text: "Then do not open the link, and ask {{tenant}} about it.",
        },
    },
    verify_link: LinkWords {
        subject: "Confirm your email address for {{tenant}}",
        heading: "Confirm your email address",
        instruction: "Open the link to confirm that this address is yours. Then {{application}} knows where to reach you. It works once.",
        button: "Confirm the address",
        unasked: Remark {
            lead: "You did not ask for this?",
            text: "Then somebody may have entered your address by mistake. You can ignore this email.",
        },
    },
    reset_link: LinkWords {
        subject: "Choose a new password for {{tenant}}",
        heading: "Choose a new password",
        instruction: "Open the link to choose a new password for {{application}}. It is valid for {{validity}} and works once.",
        button: "Choose a password",
        unasked: Remark {
            lead: "You did not ask for this?",
            text: "Then you can ignore this email. Your password stays as it is.",
        },
    },
    sign_in_link: LinkWords {
        subject: "Your sign-in link for {{application}}",
        heading: "Sign in",
        instruction: "Open the link to sign in to {{application}}. It is valid for {{validity}} and works once.",
        button: "Sign in",
        unasked: Remark {
            lead: "You are not trying to sign in?",
            text: "Then you can ignore this email. Nobody gets in without the link.",
        },
    },
    open_by_hand: "If the button does not work, open this address in your browser:",
    sms_code: "{{code}} is your {{application}} code. Never share it with anyone.",
    sms_sign_in: "{{code}} is your {{application}} sign-in code. Never share it with anyone.",
    voice_code: "Hello. Your code for {{application}} is: {{code}}. Once more, your code is: {{again}}. Goodbye.",
    notices: Notices {
        factor_added: NoticeWords {
            subject: "A verification method was added to your {{tenant}} account",
            heading: "A verification method was added",
            body: "From now on it can be used as the second step when you sign in.",
            advice: "Then somebody else may have access to your account. Change your password now, remove the method and contact {{tenant}}.",
        },
        factor_removed: NoticeWords {
            subject: "A verification method was removed from your {{tenant}} account",
            heading: "A verification method was removed",
            body: "It can no longer be used as the second step when you sign in.",
            advice: "Then somebody else may have access to your account. Change your password now, set up the second step again and contact {{tenant}}.",
        },
        recovery_code_used: NoticeWords {
            subject: "Your {{tenant}} recovery code was used",
            heading: "Your recovery code was used",
            body: "Somebody signed in to your account with the recovery code. That code is used up; the new one was shown after the sign-in.",
            advice: "Then somebody else has your password and had your recovery code. Change your password now and contact {{tenant}}.",
        },
        password_blocked: NoticeWords {
            subject: "Sign-in to your {{tenant}} account was blocked",
            heading: "Sign-in was blocked",
            body: "A wrong password was entered too many times, so sign-in from that place is blocked for now. If you merely forgot your password, you can end the block with the link.",
            advice: "Then somebody is trying to guess your password. Your account is still safe. Do not open the link, and make sure that your password is long and used nowhere else.",
        },
        authenticator_locked: NoticeWords {
            subject: "A verification method of your {{tenant}} account was locked",
            heading: "A verification method was locked",
            body: "Wrong codes were entered so many times that this method no longer accepts any code. Use another method or your recovery code, or ask {{tenant}} to reset it.",
            advice: "Then somebody knows your password. Change it now and contact {{tenant}}.",
        },
        codes_failing: NoticeWords {
            subject: "Wrong codes for your {{tenant}} account",
            heading: "Somebody enters wrong codes",
            body: "Somebody signed in with your right password, and then entered wrong codes several times. Nobody got in that way.",
            advice: "Then somebody knows your password. Change it now, and tell nobody a code.",
        },
        password_changed: NoticeWords {
            subject: "The password of your {{tenant}} account was changed",
            heading: "Your password was changed",
            body: "From now on you sign in with the new password. You were signed out wherever you were signed in.",
            advice: "Then somebody else may have access to your account. Choose a new password now and contact {{tenant}}.",
        },
        not_you: "This was not you?",
        unblock: "End the block",
        account_label: "Account",
        source_label: "IP address",
        method_label: "Method",
        time_label: "Time",
        application_label: "Application",
        phone: "Phone (SMS or call)",
        app: "Authenticator app",
        email: "Email",
        recovery_code: "Recovery code",
    },
};
