//! Modern Standard Arabic, written from right to left.

use super::{CodeWords, LinkWords, Minutes, NoticeWords, Notices, Plural, Remark, Texts};
use crate::rules::language::Language;

pub(super) static TEXTS: Texts = Texts {
    language: Language::Ar,
    account: "حسابك",
    minutes: Minutes {
        less_than_one: "أقل من دقيقة",
        forms: Plural::Arabic {
            one: "دقيقة واحدة",
            two: "دقيقتين",
            few: "{{n}} دقائق",
            many: "{{n}} دقيقة",
            other: "{{n}} دقيقة",
        },
    },
    code_label: "الرمز",
    never_share: Remark {
        lead: "لا تشارك هذا الرمز مع أي شخص.",
        text: "لن يطلبه منك أي شخص من {{tenant}} أبدًا.",
    },
    mfa_code: CodeWords {
        subject: "{{code}} هو رمزك في {{tenant}}",
        heading: "رمزك",
        instruction: "أدخله في {{application}} للمتابعة. الرمز صالح لمدة {{validity}} ويُستخدم مرة واحدة فقط.",
        unasked: Remark {
            lead: "ألم تطلب هذا الرمز؟",
            text: "قد يكون أحدهم على علم بكلمة المرور الخاصة بك. غيّرها الآن ولا تُخبر أحدًا بالرمز.",
        },
    },
    verify_email: CodeWords {
        subject: "{{code}} هو رمز تأكيد عنوان بريدك الإلكتروني",
        heading: "تأكيد عنوان بريدك الإلكتروني",
        instruction: "أدخل هذا الرمز في {{application}} لتأكيد أن العنوان يخصك. الرمز صالح لمدة {{validity}} ويُستخدم مرة واحدة فقط.",
        unasked: Remark {
            lead: "ألم تطلب ذلك؟",
            text: "ربما أدخل أحدهم عنوانك عن طريق الخطأ. يمكنك تجاهل هذه الرسالة.",
        },
    },
    sign_in_code: CodeWords {
        subject: "{{code}} هو رمز تسجيل الدخول إلى {{tenant}}",
        heading: "رمز تسجيل الدخول",
        instruction: "أدخله في {{application}} لتسجيل الدخول. الرمز صالح لمدة {{validity}} ويُستخدم مرة واحدة فقط.",
        unasked: Remark {
            lead: "ألا تحاول تسجيل الدخول؟",
            text: "يمكنك تجاهل هذه الرسالة. لا يمكن لأحد الدخول من دون الرمز.",
        },
    },
    enrolment_link: LinkWords {
        subject: "إعداد التحقق بخطوتين في {{tenant}}",
        heading: "إعداد التحقق بخطوتين",
        instruction: "تطلب منك {{tenant}} حماية حسابك بخطوة ثانية عند تسجيل الدخول. افتح الرابط لإعدادها. يُستخدم الرابط مرة واحدة فقط.",
        button: "بدء الإعداد",
        unasked: Remark {
            lead: "ألم تكن تتوقع هذه الرسالة؟", text: "لا تفتح الرابط واستفسر من {{tenant}}."
        },
    },
    verify_link: LinkWords {
        subject: "تأكيد عنوان بريدك الإلكتروني لدى {{tenant}}",
        heading: "تأكيد عنوان بريدك الإلكتروني",
        instruction: "افتح الرابط لتأكيد أن هذا العنوان يخصك. بذلك تعرف {{application}} أين تتواصل معك. يُستخدم الرابط مرة واحدة فقط.",
        button: "تأكيد العنوان",
        unasked: Remark {
            lead: "ألم تطلب ذلك؟",
            text: "ربما أدخل أحدهم عنوانك عن طريق الخطأ. يمكنك تجاهل هذه الرسالة.",
        },
    },
    reset_link: LinkWords {
        subject: "اختيار كلمة مرور جديدة في {{tenant}}",
        heading: "اختيار كلمة مرور جديدة",
        instruction: "افتح الرابط لاختيار كلمة مرور جديدة في {{application}}. الرابط صالح لمدة {{validity}} ويُستخدم مرة واحدة فقط.",
        button: "اختيار كلمة المرور",
        unasked: Remark {
            lead: "ألم تطلب ذلك؟", text: "يمكنك تجاهل هذه الرسالة. تبقى كلمة مرورك كما هي."
        },
    },
    sign_in_link: LinkWords {
        subject: "رابط تسجيل الدخول إلى {{application}}",
        heading: "تسجيل الدخول",
        instruction: "افتح الرابط لتسجيل الدخول إلى {{application}}. الرابط صالح لمدة {{validity}} ويُستخدم مرة واحدة فقط.",
        button: "تسجيل الدخول",
        unasked: Remark {
            lead: "ألا تحاول تسجيل الدخول؟",
            text: "يمكنك تجاهل هذه الرسالة. لا يمكن لأحد الدخول من دون الرابط.",
        },
    },
    open_by_hand: "إذا لم يعمل الزر، فافتح هذا العنوان في متصفحك:",
    sms_code: "{{code}} هو رمزك في {{application}}. لا تشاركه مع أحد.",
    sms_sign_in: "{{code}} هو رمز دخولك إلى {{application}}. لا تشاركه.",
    voice_code: "مرحبًا. رمزك في {{application}} هو: {{code}}. مرة أخرى، رمزك هو: {{again}}. مع السلامة.",
    notices: Notices {
        factor_added: NoticeWords {
            subject: "أُضيفت طريقة تحقق إلى حسابك في {{tenant}}",
            heading: "أُضيفت طريقة تحقق",
            body: "يمكن من الآن استخدامها كخطوة ثانية عند تسجيل الدخول.",
            advice: "قد يكون لدى شخص آخر إمكانية الوصول إلى حسابك. غيّر كلمة المرور الآن، وأزل هذه الطريقة، وتواصل مع {{tenant}}.",
        },
        factor_removed: NoticeWords {
            subject: "أُزيلت طريقة تحقق من حسابك في {{tenant}}",
            heading: "أُزيلت طريقة تحقق",
            body: "لم يعد من الممكن استخدامها كخطوة ثانية عند تسجيل الدخول.",
            advice: "قد يكون لدى شخص آخر إمكانية الوصول إلى حسابك. غيّر كلمة المرور الآن، وأعد إعداد الخطوة الثانية، وتواصل مع {{tenant}}.",
        },
        recovery_code_used: NoticeWords {
            subject: "استُخدم رمز الاسترداد الخاص بك في {{tenant}}",
            heading: "استُخدم رمز الاسترداد",
            body: "جرى تسجيل الدخول إلى حسابك باستخدام رمز الاسترداد. لم يعد ذلك الرمز صالحًا، وقد عُرض الرمز الجديد بعد تسجيل الدخول.",
            advice: "يعرف شخص آخر كلمة المرور الخاصة بك وكان لديه رمز الاسترداد. غيّر كلمة المرور الآن وتواصل مع {{tenant}}.",
        },
        password_blocked: NoticeWords {
            subject: "حُظر تسجيل الدخول إلى حسابك في {{tenant}}",
            heading: "حُظر تسجيل الدخول",
            body: "أُدخلت كلمة مرور خاطئة مرات كثيرة، لذلك حُظر تسجيل الدخول من ذلك المكان في الوقت الحالي. إذا كنت قد نسيت كلمة المرور فحسب، فيمكنك إنهاء الحظر عبر الرابط.",
            advice: "يحاول أحدهم تخمين كلمة المرور الخاصة بك. لا يزال حسابك آمنًا. لا تفتح الرابط، وتأكد من أن كلمة المرور طويلة وغير مستخدمة في أي مكان آخر.",
        },
        authenticator_locked: NoticeWords {
            subject: "قُفلت طريقة تحقق في حسابك في {{tenant}}",
            heading: "قُفلت طريقة تحقق",
            body: "أُدخلت رموز خاطئة مرات كثيرة حتى لم تعد هذه الطريقة تقبل أي رمز. استخدم طريقة أخرى أو رمز الاسترداد، أو اطلب من {{tenant}} إعادة تعيينها.",
            advice: "يعرف أحدهم كلمة المرور الخاصة بك. غيّرها الآن وتواصل مع {{tenant}}.",
        },
        codes_failing: NoticeWords {
            subject: "رموز خاطئة لحسابك في {{tenant}}",
            heading: "أحدهم يُدخل رموزًا خاطئة",
            body: "أدخل أحدهم كلمة المرور الصحيحة الخاصة بك ثم أدخل رموزًا خاطئة عدة مرات. لم يتمكن أحد من الدخول بهذه الطريقة.",
            advice: "يعرف أحدهم كلمة المرور الخاصة بك. غيّرها الآن ولا تُخبر أحدًا بأي رمز.",
        },
        password_changed: NoticeWords {
            subject: "تغيّرت كلمة مرور حسابك في {{tenant}}",
            heading: "تغيّرت كلمة مرورك",
            body: "من الآن فصاعدًا سجّل الدخول بكلمة المرور الجديدة. تم تسجيل خروجك من جميع الأجهزة.",
            advice: "قد يكون لدى شخص آخر إمكانية الوصول إلى حسابك. اختر كلمة مرور جديدة الآن وتواصل مع {{tenant}}.",
        },
        not_you: "ألم تكن أنت؟",
        unblock: "إنهاء الحظر",
        account_label: "الحساب",
        source_label: "عنوان IP",
        method_label: "الطريقة",
        time_label: "الوقت",
        application_label: "التطبيق",
        phone: "الهاتف (رسالة نصية أو مكالمة)",
        app: "تطبيق المصادقة",
        email: "البريد الإلكتروني",
        recovery_code: "رمز الاسترداد",
    },
};
