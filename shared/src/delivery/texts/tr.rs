//! Turkish; formal address.

use super::{CodeWords, LinkWords, Minutes, NoticeWords, Notices, Plural, Remark, Texts};
use crate::rules::language::Language;

pub(super) static TEXTS: Texts = Texts {
    language: Language::Tr,
    account: "hesabınız",
    minutes: Minutes { less_than_one: "bir dakikadan az", forms: Plural::Same("{{n}} dakika") },
    code_label: "Kod",
    never_share: Remark {
        lead: "Bu kodu kimseyle paylaşmayın.",
        text: "{{tenant}} adına hiç kimse sizden bu kodu istemez.",
    },
    mfa_code: CodeWords {
        subject: "{{code}}, {{tenant}} kodunuzdur",
        heading: "Kodunuz",
        instruction: "Devam etmek için bu kodu {{application}} uygulamasına girin. Geçerlilik süresi: {{validity}}. Yalnızca bir kez kullanılabilir.",
        unasked: Remark {
            lead: "Bu kodu siz istemediniz mi?",
            text: "Bu durumda birisi parolanızı biliyor olabilir. Parolanızı hemen değiştirin ve kodu kimseye söylemeyin.",
        },
    },
    verify_email: CodeWords {
        subject: "{{code}}, e-posta adresinizi doğrulama kodunuzdur",
        heading: "E-posta adresinizi doğrulayın",
        instruction: "Adresin size ait olduğunu doğrulamak için bu kodu {{application}} uygulamasına girin. Geçerlilik süresi: {{validity}}. Yalnızca bir kez kullanılabilir.",
        unasked: Remark {
            lead: "Bunu siz istemediniz mi?",
            text: "Bu durumda birisi adresinizi yanlışlıkla girmiş olabilir. Bu e-postayı yok sayabilirsiniz.",
        },
    },
    sign_in_code: CodeWords {
        subject: "{{code}}, {{tenant}} için giriş kodunuzdur",
        heading: "Giriş kodunuz",
        instruction: "Giriş yapmak için bu kodu {{application}} uygulamasına girin. Geçerlilik süresi: {{validity}}. Yalnızca bir kez kullanılabilir.",
        unasked: Remark {
            lead: "Giriş yapmaya çalışan siz değil misiniz?",
            text: "Bu durumda bu e-postayı yok sayabilirsiniz. Kod olmadan kimse giriş yapamaz.",
        },
    },
    enrolment_link: LinkWords {
        subject: "{{tenant}} için iki adımlı doğrulamayı kurun",
        heading: "İki adımlı doğrulamayı kurun",
        instruction: "{{tenant}}, hesabınızı girişte ikinci bir adımla korumanızı istiyor. Kurmak için bağlantıyı açın. Bağlantı yalnızca bir kez kullanılabilir.",
        button: "Şimdi kurun",
        unasked: Remark {
            lead: "Bu e-postayı beklemiyor muydunuz?",
            text: "Bu durumda bağlantıyı açmayın ve {{tenant}} ile görüşün.",
        },
    },
    verify_link: LinkWords {
        subject: "{{tenant}} için e-posta adresinizi doğrulayın",
        heading: "E-posta adresinizi doğrulayın",
        instruction: "Bu adresin size ait olduğunu doğrulamak için bağlantıyı açın. Böylece {{application}} size nereden ulaşacağını bilir. Yalnızca bir kez kullanılabilir.",
        button: "Adresi doğrulayın",
        unasked: Remark {
            lead: "Bunu siz istemediniz mi?",
            text: "Bu durumda birisi adresinizi yanlışlıkla girmiş olabilir. Bu e-postayı yok sayabilirsiniz.",
        },
    },
    reset_link: LinkWords {
        subject: "{{tenant}} için yeni bir parola seçin",
        heading: "Yeni bir parola seçin",
        instruction: "{{application}} için yeni bir parola seçmek üzere bağlantıyı açın. Geçerlilik süresi: {{validity}}. Yalnızca bir kez kullanılabilir.",
        button: "Parola seçin",
        unasked: Remark {
            lead: "Bunu siz istemediniz mi?",
            text: "Bu durumda bu e-postayı yok sayabilirsiniz. Parolanız olduğu gibi kalır.",
        },
    },
    sign_in_link: LinkWords {
        subject: "{{application}} için giriş bağlantınız",
        heading: "Giriş yapın",
        instruction: "{{application}} uygulamasına giriş yapmak için bağlantıyı açın. Geçerlilik süresi: {{validity}}. Yalnızca bir kez kullanılabilir.",
        button: "Giriş yap",
        unasked: Remark {
            lead: "Giriş yapmaya çalışan siz değil misiniz?",
            text: "Bu durumda bu e-postayı yok sayabilirsiniz. Bağlantı olmadan kimse giriş yapamaz.",
        },
    },
    open_by_hand: "Düğme çalışmazsa bu adresi tarayıcınızda açın:",
    sms_code: "{{code}}, {{application}} kodunuzdur. Kimseyle paylaşmayın.",
    sms_sign_in: "{{code}}, {{application}} giriş kodunuzdur. Kimseyle paylaşmayın.",
    voice_code: "Merhaba. {{application}} için kodunuz: {{code}}. Tekrar ediyorum, kodunuz: {{again}}. İyi günler.",
    notices: Notices {
        factor_added: NoticeWords {
            subject: "{{tenant}} hesabınıza bir doğrulama yöntemi eklendi",
            heading: "Bir doğrulama yöntemi eklendi",
            body: "Bu yöntem artık giriş yaparken ikinci adım olarak kullanılabilir.",
            advice: "Bu durumda hesabınıza başka biri erişiyor olabilir. Parolanızı hemen değiştirin, yöntemi kaldırın ve {{tenant}} ile iletişime geçin.",
        },
        factor_removed: NoticeWords {
            subject: "{{tenant}} hesabınızdan bir doğrulama yöntemi kaldırıldı",
            heading: "Bir doğrulama yöntemi kaldırıldı",
            body: "Bu yöntem artık giriş yaparken ikinci adım olarak kullanılamaz.",
            advice: "Bu durumda hesabınıza başka biri erişiyor olabilir. Parolanızı hemen değiştirin, ikinci adımı yeniden kurun ve {{tenant}} ile iletişime geçin.",
        },
        recovery_code_used: NoticeWords {
            subject: "{{tenant}} kurtarma kodunuz kullanıldı",
            heading: "Kurtarma kodunuz kullanıldı",
            body: "Hesabınıza kurtarma koduyla giriş yapıldı. Bu kod artık geçersizdir; yeni kod girişten sonra gösterildi.",
            advice: "Bu durumda başka biri parolanızı biliyor ve kurtarma kodunuz onda. Parolanızı hemen değiştirin ve {{tenant}} ile iletişime geçin.",
        },
        password_blocked: NoticeWords {
            subject: "{{tenant}} hesabınıza giriş engellendi",
            heading: "Giriş engellendi",
            body: "Çok fazla kez yanlış parola girildi. Bu nedenle o yerden giriş şimdilik engellendi. Yalnızca parolanızı unuttuysanız engeli bağlantıyla kaldırabilirsiniz.",
            advice: "Bu durumda birisi parolanızı tahmin etmeye çalışıyor. Hesabınız hâlâ güvende. Bağlantıyı açmayın; parolanızın uzun olduğundan ve başka hiçbir yerde kullanılmadığından emin olun.",
        },
        authenticator_locked: NoticeWords {
            subject: "{{tenant}} hesabınızın bir doğrulama yöntemi kilitlendi",
            heading: "Bir doğrulama yöntemi kilitlendi",
            body: "O kadar çok yanlış kod girildi ki bu yöntem artık hiçbir kodu kabul etmiyor. Başka bir yöntem veya kurtarma kodunuzu kullanın ya da {{tenant}} ile görüşüp sıfırlanmasını isteyin.",
            advice: "Bu durumda birisi parolanızı biliyor. Parolanızı hemen değiştirin ve {{tenant}} ile iletişime geçin.",
        },
        codes_failing: NoticeWords {
            subject: "{{tenant}} hesabınız için yanlış kodlar girildi",
            heading: "Birisi yanlış kodlar giriyor",
            body: "Birisi doğru parolanızla giriş yaptı ve ardından birkaç kez yanlış kod girdi. Bu yolla kimse hesabınıza giremedi.",
            advice: "Bu durumda birisi parolanızı biliyor. Parolanızı hemen değiştirin ve kimseye kod söylemeyin.",
        },
        password_changed: NoticeWords {
            subject: "{{tenant}} hesabınızın parolası değiştirildi",
            heading: "Parolanız değiştirildi",
            body: "Bundan böyle yeni parolayla giriş yaparsınız. Tüm oturumlarınız kapatıldı.",
            advice: "Bu durumda hesabınıza başka biri erişiyor olabilir. Hemen yeni bir parola seçin ve {{tenant}} ile iletişime geçin.",
        },
        not_you: "Bu siz değil miydiniz?",
        unblock: "Engeli kaldır",
        account_label: "Hesap",
        source_label: "IP adresi",
        method_label: "Yöntem",
        time_label: "Zaman",
        application_label: "Uygulama",
        phone: "Telefon (SMS veya arama)",
        app: "Kimlik doğrulama uygulaması",
        email: "E-posta",
        recovery_code: "Kurtarma kodu",
    },
};
