//! Chinese in simplified characters; polite address.

use super::{CodeWords, LinkWords, Minutes, NoticeWords, Notices, Plural, Remark, Texts};
use crate::rules::language::Language;

pub(super) static TEXTS: Texts = Texts {
    language: Language::ZhHans,
    account: "您的账户",
    minutes: Minutes { less_than_one: "不到 1 分钟", forms: Plural::Same("{{n}} 分钟") },
    code_label: "验证码",
    never_share: Remark {
        lead: "切勿将此验证码告诉他人。",
        text: "{{tenant}} 的工作人员绝不会向您索要验证码。",
    },
    mfa_code: CodeWords {
        subject: "{{code}} 是您的 {{tenant}} 验证码",
        heading: "您的验证码",
        instruction: "请在 {{application}} 中输入此验证码以继续。验证码在 {{validity}}内有效，且只能使用一次。",
        unasked: Remark {
            lead: "您没有申请此验证码？",
            text: "那么可能有人知道您的密码。请立即更改密码，不要将验证码告诉任何人。",
        },
    },
    verify_email: CodeWords {
        subject: "{{code}} 是用于确认您邮箱地址的验证码",
        heading: "确认您的邮箱地址",
        instruction: "请在 {{application}} 中输入此验证码，以确认该邮箱地址属于您。验证码在 {{validity}}内有效，且只能使用一次。",
        unasked: Remark {
            lead: "您没有提出此请求？",
            text: "那么可能有人误填了您的邮箱地址。您可以忽略此邮件。",
        },
    },
    sign_in_code: CodeWords {
        subject: "{{code}} 是您的 {{tenant}} 登录验证码",
        heading: "您的登录验证码",
        instruction: "请在 {{application}} 中输入此验证码以登录。验证码在 {{validity}}内有效，且只能使用一次。",
        unasked: Remark {
            lead: "您没有在登录？",
            text: "那么您可以忽略此邮件。没有验证码，任何人都无法登录。",
        },
    },
    enrolment_link: LinkWords {
        subject: "为 {{tenant}} 设置两步验证",
        heading: "设置两步验证",
        instruction: "{{tenant}} 请您在登录时使用第二步验证来保护账户。请打开链接进行设置。链接只能使用一次。",
        button: "立即设置",
        unasked: Remark {
            lead: "您没有预料到会收到此邮件？",
            text: "那么请不要打开链接，并向 {{tenant}} 咨询。",
        },
    },
    verify_link: LinkWords {
        subject: "请确认您在 {{tenant}} 的邮箱地址",
        heading: "确认您的邮箱地址",
        instruction: "请打开链接，以确认该邮箱地址属于您。{{application}} 将通过此地址与您联系。链接只能使用一次。",
        button: "确认地址",
        unasked: Remark {
            lead: "您没有提出此请求？",
            text: "那么可能有人误填了您的邮箱地址。您可以忽略此邮件。",
        },
    },
    reset_link: LinkWords {
        subject: "为 {{tenant}} 设置新密码",
        heading: "设置新密码",
        instruction: "请打开链接，为 {{application}} 设置新密码。链接在 {{validity}}内有效，且只能使用一次。",
        button: "设置密码",
        unasked: Remark {
            lead: "您没有提出此请求？", text: "那么您可以忽略此邮件。您的密码保持不变。"
        },
    },
    sign_in_link: LinkWords {
        subject: "您的 {{application}} 登录链接",
        heading: "登录",
        instruction: "打开链接即可登录 {{application}}。链接在 {{validity}}内有效，且只能使用一次。",
        button: "登录",
        unasked: Remark {
            lead: "您没有在登录？",
            text: "那么您可以忽略此邮件。没有链接，任何人都无法登录。",
        },
    },
    open_by_hand: "如果按钮无法使用，请在浏览器中打开以下地址：",
    sms_code: "{{code}} 是您的 {{application}} 验证码，切勿告诉他人。",
    sms_sign_in: "{{code}} 是您的 {{application}} 登录验证码，切勿告诉他人。",
    voice_code: "您好。您的 {{application}} 验证码是：{{code}}。再重复一遍，您的验证码是：{{again}}。再见。",
    notices: Notices {
        factor_added: NoticeWords {
            subject: "您的 {{tenant}} 账户已添加验证方式",
            heading: "已添加验证方式",
            body: "从现在起，您登录时可以用它进行第二步验证。",
            advice: "那么可能有其他人能够访问您的账户。请立即更改密码，移除该验证方式，并联系 {{tenant}}。",
        },
        factor_removed: NoticeWords {
            subject: "您的 {{tenant}} 账户已移除验证方式",
            heading: "已移除验证方式",
            body: "您登录时不能再用它进行第二步验证。",
            advice: "那么可能有其他人能够访问您的账户。请立即更改密码，重新设置第二步验证，并联系 {{tenant}}。",
        },
        recovery_code_used: NoticeWords {
            subject: "您的 {{tenant}} 恢复码已被使用",
            heading: "您的恢复码已被使用",
            body: "有人使用恢复码登录了您的账户。该恢复码已失效，新的恢复码已在登录后显示。",
            advice: "那么有其他人知道您的密码，并持有过您的恢复码。请立即更改密码，并联系 {{tenant}}。",
        },
        password_blocked: NoticeWords {
            subject: "您的 {{tenant}} 账户登录已被阻止",
            heading: "登录已被阻止",
            body: "由于多次输入错误的密码，来自该位置的登录暂时被阻止。如果您只是忘记了密码，可以通过链接解除阻止。",
            advice: "那么有人正在试图猜测您的密码。您的账户仍然安全。请不要打开链接，并确保您的密码足够长且未在其他地方使用。",
        },
        authenticator_locked: NoticeWords {
            subject: "您的 {{tenant}} 账户的一种验证方式已被锁定",
            heading: "验证方式已被锁定",
            body: "由于多次输入错误的验证码，该验证方式不再接受任何验证码。请使用其他验证方式或恢复码，或请 {{tenant}} 为您重置。",
            advice: "那么有人知道您的密码。请立即更改密码，并联系 {{tenant}}。",
        },
        codes_failing: NoticeWords {
            subject: "有人在您的 {{tenant}} 账户上输入错误的验证码",
            heading: "有人输入错误的验证码",
            body: "有人输入了您的正确密码，随后多次输入错误的验证码。没有人以这种方式登录成功。",
            advice: "那么有人知道您的密码。请立即更改密码，不要将任何验证码告诉他人。",
        },
        password_changed: NoticeWords {
            subject: "您的 {{tenant}} 账户密码已更改",
            heading: "您的密码已更改",
            body: "今后请使用新密码登录。您已在所有设备上退出登录。",
            advice: "那么可能有其他人能够访问您的账户。请立即设置新密码，并联系 {{tenant}}。",
        },
        not_you: "这不是您本人操作？",
        unblock: "解除阻止",
        account_label: "账户",
        source_label: "IP 地址",
        method_label: "验证方式",
        time_label: "时间",
        application_label: "应用",
        phone: "手机（短信或电话）",
        app: "身份验证器应用",
        email: "电子邮件",
        recovery_code: "恢复码",
    },
};
