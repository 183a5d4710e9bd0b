//! Korean; formal.

use super::{CodeWords, LinkWords, Minutes, NoticeWords, Notices, Plural, Remark, Texts};
use crate::rules::language::Language;

pub(super) static TEXTS: Texts = Texts {
    language: Language::Ko,
    account: "계정",
    minutes: Minutes { less_than_one: "1분 미만", forms: Plural::Same("{{n}}분") },
    code_label: "인증 코드",
    never_share: Remark {
        lead: "이 코드를 누구에게도 알려 주지 마십시오.",
        text: "{{tenant}} 직원은 절대로 코드를 묻지 않습니다.",
    },
    mfa_code: CodeWords {
        subject: "{{code}} - {{tenant}} 인증 코드",
        heading: "인증 코드",
        instruction: "계속하려면 {{application}}에 이 코드를 입력하십시오. 코드는 {{validity}} 동안 유효하며 한 번만 사용할 수 있습니다.",
        unasked: Remark {
            lead: "코드를 요청하지 않으셨습니까?",
            text: "다른 사람이 비밀번호를 알고 있을 수 있습니다. 지금 바로 비밀번호를 변경하고 코드를 누구에게도 알려 주지 마십시오.",
        },
    },
    verify_email: CodeWords {
        subject: "{{code}} - 이메일 주소 확인 코드",
        heading: "이메일 주소 확인",
        instruction: "본인의 주소임을 확인하려면 {{application}}에 이 코드를 입력하십시오. 코드는 {{validity}} 동안 유효하며 한 번만 사용할 수 있습니다.",
        unasked: Remark {
            lead: "요청하지 않으셨습니까?",
            text: "다른 사람이 실수로 이 주소를 입력했을 수 있습니다. 이 메일은 무시하셔도 됩니다.",
        },
    },
    sign_in_code: CodeWords {
        subject: "{{code}} - {{tenant}} 로그인 코드",
        heading: "로그인 코드",
        instruction: "로그인하려면 {{application}}에 이 코드를 입력하십시오. 코드는 {{validity}} 동안 유효하며 한 번만 사용할 수 있습니다.",
        unasked: Remark {
            lead: "로그인을 시도하지 않으셨습니까?",
            text: "이 메일은 무시하셔도 됩니다. 코드 없이는 아무도 로그인할 수 없습니다.",
        },
    },
    enrolment_link: LinkWords {
        subject: "{{tenant}} 2단계 인증을 설정하십시오",
        heading: "2단계 인증 설정",
        instruction: "{{tenant}}에서 로그인할 때 2단계 인증으로 계정을 보호하도록 요청했습니다. 링크를 열어 설정하십시오. 링크는 한 번만 사용할 수 있습니다.",
        button: "설정하기",
        unasked: Remark {
            lead: "예상하지 못한 메일입니까?",
            text: "링크를 열지 말고 {{tenant}}에 문의하십시오.",
        },
    },
    verify_link: LinkWords {
        subject: "{{tenant}} 이메일 주소를 확인하십시오",
        heading: "이메일 주소 확인",
        instruction: "본인의 주소임을 확인하려면 링크를 여십시오. 확인된 주소는 {{application}}에서 연락할 때 사용됩니다. 링크는 한 번만 사용할 수 있습니다.",
        button: "주소 확인하기",
        unasked: Remark {
            lead: "요청하지 않으셨습니까?",
            text: "다른 사람이 실수로 이 주소를 입력했을 수 있습니다. 이 메일은 무시하셔도 됩니다.",
        },
    },
    reset_link: LinkWords {
        subject: "{{tenant}} 새 비밀번호 설정",
        heading: "새 비밀번호 설정",
        instruction: "{{application}}의 새 비밀번호를 설정하려면 링크를 여십시오. 링크는 {{validity}} 동안 유효하며 한 번만 사용할 수 있습니다.",
        button: "비밀번호 설정하기",
        unasked: Remark {
            lead: "요청하지 않으셨습니까?",
            text: "이 메일은 무시하셔도 됩니다. 비밀번호는 그대로 유지됩니다.",
        },
    },
    sign_in_link: LinkWords {
        subject: "{{application}} 로그인 링크",
        heading: "로그인",
        instruction: "{{application}}에 로그인하려면 링크를 여십시오. 링크는 {{validity}} 동안 유효하며 한 번만 사용할 수 있습니다.",
        button: "로그인",
        unasked: Remark {
            lead: "로그인을 시도하지 않으셨습니까?",
            text: "이 메일은 무시하셔도 됩니다. 링크 없이는 아무도 로그인할 수 없습니다.",
        },
    },
    open_by_hand: "버튼이 작동하지 않으면 브라우저에서 다음 주소를 여십시오.",
    sms_code: "{{code}} - {{application}} 인증 코드입니다. 누구에게도 알려 주지 마십시오.",
    sms_sign_in: "{{code}} - {{application}} 로그인 코드입니다. 누구에게도 알려 주지 마십시오.",
    voice_code: "안녕하십니까. {{application}} 인증 코드는 {{code}} 입니다. 다시 한번 말씀드립니다. 인증 코드는 {{again}} 입니다. 감사합니다.",
    notices: Notices {
        factor_added: NoticeWords {
            subject: "{{tenant}} 계정에 인증 수단이 추가되었습니다",
            heading: "인증 수단이 추가되었습니다",
            body: "이제 로그인할 때 2단계 인증에 사용할 수 있습니다.",
            advice: "다른 사람이 계정에 접근하고 있을 수 있습니다. 지금 바로 비밀번호를 변경하고, 이 인증 수단을 삭제한 후 {{tenant}}에 문의하십시오.",
        },
        factor_removed: NoticeWords {
            subject: "{{tenant}} 계정에서 인증 수단이 삭제되었습니다",
            heading: "인증 수단이 삭제되었습니다",
            body: "더 이상 로그인할 때 2단계 인증에 사용할 수 없습니다.",
            advice: "다른 사람이 계정에 접근하고 있을 수 있습니다. 지금 바로 비밀번호를 변경하고, 2단계 인증을 다시 설정한 후 {{tenant}}에 문의하십시오.",
        },
        recovery_code_used: NoticeWords {
            subject: "{{tenant}} 복구 코드가 사용되었습니다",
            heading: "복구 코드가 사용되었습니다",
            body: "복구 코드를 사용하여 계정에 로그인했습니다. 해당 코드는 더 이상 사용할 수 없으며, 새 코드는 로그인 후에 표시되었습니다.",
            advice: "다른 사람이 비밀번호를 알고 있으며 복구 코드를 가지고 있었습니다. 지금 바로 비밀번호를 변경하고 {{tenant}}에 문의하십시오.",
        },
        password_blocked: NoticeWords {
            subject: "{{tenant}} 계정의 로그인이 차단되었습니다",
            heading: "로그인이 차단되었습니다",
            body: "잘못된 비밀번호가 너무 여러 번 입력되어 해당 위치에서의 로그인이 일시적으로 차단되었습니다. 비밀번호를 잊어버리신 것이라면 링크를 통해 차단을 해제할 수 있습니다.",
            advice: "다른 사람이 비밀번호를 추측하려고 하고 있습니다. 계정은 여전히 안전합니다. 링크를 열지 말고, 비밀번호가 충분히 길고 다른 곳에서 사용되지 않는지 확인하십시오.",
        },
        authenticator_locked: NoticeWords {
            subject: "{{tenant}} 계정의 인증 수단이 잠겼습니다",
            heading: "인증 수단이 잠겼습니다",
            body: "잘못된 코드가 여러 번 입력되어 이 인증 수단은 더 이상 코드를 받지 않습니다. 다른 인증 수단이나 복구 코드를 사용하거나 {{tenant}}에 초기화를 요청하십시오.",
            advice: "다른 사람이 비밀번호를 알고 있습니다. 지금 바로 비밀번호를 변경하고 {{tenant}}에 문의하십시오.",
        },
        codes_failing: NoticeWords {
            subject: "{{tenant}} 계정에 잘못된 코드가 입력되고 있습니다",
            heading: "잘못된 코드가 입력되고 있습니다",
            body: "올바른 비밀번호가 입력된 후 잘못된 코드가 여러 번 입력되었습니다. 이 방법으로 로그인한 사람은 없습니다.",
            advice: "다른 사람이 비밀번호를 알고 있습니다. 지금 바로 비밀번호를 변경하고 코드를 누구에게도 알려 주지 마십시오.",
        },
        password_changed: NoticeWords {
            subject: "{{tenant}} 계정의 비밀번호가 변경되었습니다",
            heading: "비밀번호가 변경되었습니다",
            body: "이제부터 새 비밀번호로 로그인하십시오. 모든 기기에서 로그아웃되었습니다.",
            advice: "다른 사람이 계정에 접근하고 있을 수 있습니다. 지금 바로 새 비밀번호를 설정하고 {{tenant}}에 문의하십시오.",
        },
        not_you: "본인이 아니십니까?",
        unblock: "차단 해제",
        account_label: "계정",
        source_label: "IP 주소",
        method_label: "인증 수단",
        time_label: "시간",
        application_label: "애플리케이션",
        phone: "전화(문자 또는 통화)",
        app: "인증 앱",
        email: "이메일",
        recovery_code: "복구 코드",
    },
};
