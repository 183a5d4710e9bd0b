//! Chinese in traditional characters; polite address.

use super::{CodeWords, LinkWords, Minutes, NoticeWords, Notices, Plural, Remark, Texts};
use crate::rules::language::Language;

pub(super) static TEXTS: Texts = Texts {
    language: Language::ZhHant,
    account: "您的帳戶",
    minutes: Minutes { less_than_one: "不到 1 分鐘", forms: Plural::Same("{{n}} 分鐘") },
    code_label: "驗證碼",
    never_share: Remark {
        lead: "請勿將此驗證碼告訴他人。", text: "{{tenant}} 的人員絕不會向您索取驗證碼。"
    },
    mfa_code: CodeWords {
        subject: "{{code}} 是您的 {{tenant}} 驗證碼",
        heading: "您的驗證碼",
        instruction: "請在 {{application}} 中輸入此驗證碼以繼續。驗證碼在 {{validity}}內有效，且只能使用一次。",
        unasked: Remark {
            lead: "您沒有要求此驗證碼？",
            text: "那麼可能有人知道您的密碼。請立即變更密碼，不要將驗證碼告訴任何人。",
        },
    },
    verify_email: CodeWords {
        subject: "{{code}} 是用於確認您電子郵件地址的驗證碼",
        heading: "確認您的電子郵件地址",
        instruction: "請在 {{application}} 中輸入此驗證碼，以確認該地址屬於您。驗證碼在 {{validity}}內有效，且只能使用一次。",
        unasked: Remark {
            lead: "您沒有提出此要求？",
            text: "那麼可能有人誤填了您的地址。您可以忽略這封郵件。",
        },
    },
    sign_in_code: CodeWords {
        subject: "{{code}} 是您的 {{tenant}} 登入驗證碼",
        heading: "您的登入驗證碼",
        instruction: "請在 {{application}} 中輸入此驗證碼以登入。驗證碼在 {{validity}}內有效，且只能使用一次。",
        unasked: Remark {
            lead: "您沒有在登入？",
            text: "那麼您可以忽略這封郵件。沒有驗證碼，任何人都無法登入。",
        },
    },
    enrolment_link: LinkWords {
        subject: "為 {{tenant}} 設定兩步驟驗證",
        heading: "設定兩步驟驗證",
        instruction: "{{tenant}} 請您在登入時使用第二個步驟來保護帳戶。請開啟連結進行設定。連結只能使用一次。",
        button: "立即設定",
        unasked: Remark {
            lead: "您沒有預期會收到這封郵件？",
            text: "那麼請不要開啟連結，並向 {{tenant}} 詢問。",
        },
    },
    verify_link: LinkWords {
        subject: "請確認您在 {{tenant}} 的電子郵件地址",
        heading: "確認您的電子郵件地址",
        instruction: "請開啟連結，以確認該地址屬於您。{{application}} 將透過此地址與您聯絡。連結只能使用一次。",
        button: "確認地址",
        unasked: Remark {
            lead: "您沒有提出此要求？",
            text: "那麼可能有人誤填了您的地址。您可以忽略這封郵件。",
        },
    },
    reset_link: LinkWords {
        subject: "為 {{tenant}} 設定新密碼",
        heading: "設定新密碼",
        instruction: "請開啟連結，為 {{application}} 設定新密碼。連結在 {{validity}}內有效，且只能使用一次。",
        button: "設定密碼",
        unasked: Remark {
            lead: "您沒有提出此要求？", text: "那麼您可以忽略這封郵件。您的密碼保持不變。"
        },
    },
    sign_in_link: LinkWords {
        subject: "您的 {{application}} 登入連結",
        heading: "登入",
        instruction: "開啟連結即可登入 {{application}}。連結在 {{validity}}內有效，且只能使用一次。",
        button: "登入",
        unasked: Remark {
            lead: "您沒有在登入？",
            text: "那麼您可以忽略這封郵件。沒有連結，任何人都無法登入。",
        },
    },
    open_by_hand: "如果按鈕無法使用，請在瀏覽器中開啟以下網址：",
    sms_code: "{{code}} 是您的 {{application}} 驗證碼，請勿告訴他人。",
    sms_sign_in: "{{code}} 是您的 {{application}} 登入驗證碼，請勿告訴他人。",
    voice_code: "您好。您的 {{application}} 驗證碼是：{{code}}。再重複一次，您的驗證碼是：{{again}}。再見。",
    notices: Notices {
        factor_added: NoticeWords {
            subject: "您的 {{tenant}} 帳戶已新增驗證方式",
            heading: "已新增驗證方式",
            body: "從現在起，您登入時可以用它進行第二個驗證步驟。",
            advice: "那麼可能有其他人能夠存取您的帳戶。請立即變更密碼，移除該驗證方式，並聯絡 {{tenant}}。",
        },
        factor_removed: NoticeWords {
            subject: "您的 {{tenant}} 帳戶已移除驗證方式",
            heading: "已移除驗證方式",
            body: "您登入時無法再用它進行第二個驗證步驟。",
            advice: "那麼可能有其他人能夠存取您的帳戶。請立即變更密碼，重新設定第二個驗證步驟，並聯絡 {{tenant}}。",
        },
        recovery_code_used: NoticeWords {
            subject: "您的 {{tenant}} 復原碼已被使用",
            heading: "您的復原碼已被使用",
            body: "有人使用復原碼登入了您的帳戶。該復原碼已失效，新的復原碼已在登入後顯示。",
            advice: "那麼有其他人知道您的密碼，並持有過您的復原碼。請立即變更密碼，並聯絡 {{tenant}}。",
        },
        password_blocked: NoticeWords {
            subject: "您的 {{tenant}} 帳戶登入已遭封鎖",
            heading: "登入已遭封鎖",
            body: "由於多次輸入錯誤的密碼，來自該位置的登入暫時遭到封鎖。如果您只是忘記密碼，可以透過連結解除封鎖。",
            advice: "那麼有人正試圖猜測您的密碼。您的帳戶仍然安全。請不要開啟連結，並確認您的密碼夠長且未在其他地方使用。",
        },
        authenticator_locked: NoticeWords {
            subject: "您的 {{tenant}} 帳戶的一種驗證方式已被鎖定",
            heading: "驗證方式已被鎖定",
            body: "由於多次輸入錯誤的驗證碼，該驗證方式不再接受任何驗證碼。請使用其他驗證方式或復原碼，或請 {{tenant}} 為您重設。",
            advice: "那麼有人知道您的密碼。請立即變更密碼，並聯絡 {{tenant}}。",
        },
        codes_failing: NoticeWords {
            subject: "有人在您的 {{tenant}} 帳戶上輸入錯誤的驗證碼",
            heading: "有人輸入錯誤的驗證碼",
            body: "有人輸入了您的正確密碼，隨後多次輸入錯誤的驗證碼。沒有人以這種方式登入成功。",
            advice: "那麼有人知道您的密碼。請立即變更密碼，不要將任何驗證碼告訴他人。",
        },
        password_changed: NoticeWords {
            subject: "您的 {{tenant}} 帳戶密碼已變更",
            heading: "您的密碼已變更",
            body: "今後請使用新密碼登入。您已在所有裝置上登出。",
            advice: "那麼可能有其他人能夠存取您的帳戶。請立即設定新密碼，並聯絡 {{tenant}}。",
        },
        not_you: "這不是您本人的操作？",
        unblock: "解除封鎖",
        account_label: "帳戶",
        source_label: "IP 位址",
        method_label: "驗證方式",
        time_label: "時間",
        application_label: "應用程式",
        phone: "手機（簡訊或電話）",
        app: "驗證器應用程式",
        email: "電子郵件",
        recovery_code: "復原碼",
    },
};
