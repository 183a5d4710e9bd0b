//! Spanish; informal address, as most services use it.

use super::{CodeWords, LinkWords, Minutes, NoticeWords, Notices, Plural, Remark, Texts};
use crate::rules::language::Language;

pub(super) static TEXTS: Texts = Texts {
    language: Language::Es,
    account: "tu cuenta",
    minutes: Minutes {
        less_than_one: "menos de un minuto",
        forms: Plural::One { one: "{{n}} minuto", other: "{{n}} minutos" },
    },
    code_label: "Código",
    never_share: Remark {
        lead: "No compartas nunca este código.",
        text: "Nadie de {{tenant}} te lo pedirá jamás.",
    },
    mfa_code: CodeWords {
        subject: "{{code}} es tu código para {{tenant}}",
        heading: "Tu código",
        instruction: "Introdúcelo en {{application}} para continuar. Es válido durante {{validity}} y solo se puede usar una vez.",
        unasked: Remark {
            lead: "¿No has pedido este código?",
            text: "Entonces es posible que alguien sepa tu contraseña. Cámbiala ahora y no le digas el código a nadie.",
        },
    },
    verify_email: CodeWords {
        subject: "{{code}} es tu código para confirmar tu correo electrónico",
        heading: "Confirma tu correo electrónico",
        instruction: "Introduce este código en {{application}} para confirmar que la dirección es tuya. Es válido durante {{validity}} y solo se puede usar una vez.",
        unasked: Remark {
            lead: "¿No lo has pedido?",
            text: "Entonces es posible que alguien haya escrito tu dirección por error. Puedes ignorar este mensaje.",
        },
    },
    sign_in_code: CodeWords {
        subject: "{{code}} es tu código para iniciar sesión en {{tenant}}",
        heading: "Tu código para iniciar sesión",
        instruction: "Introdúcelo en {{application}} para iniciar sesión. Es válido durante {{validity}} y solo se puede usar una vez.",
        unasked: Remark {
            lead: "¿No estás iniciando sesión?",
            text: "Entonces puedes ignorar este mensaje. Nadie puede entrar sin el código.",
        },
    },
    enrolment_link: LinkWords {
        subject: "Configura la verificación en dos pasos de {{tenant}}",
        heading: "Configura la verificación en dos pasos",
        instruction: "{{tenant}} te pide que protejas tu cuenta con un segundo paso al iniciar sesión. Abre el enlace para configurarlo. Solo se puede usar una vez.",
        button: "Configurar",
        unasked: Remark {
            lead: "¿No esperabas este mensaje?",
            text: "Entonces no abras el enlace y consulta con {{tenant}}.",
        },
    },
    verify_link: LinkWords {
        subject: "Confirma tu correo electrónico para {{tenant}}",
        heading: "Confirma tu correo electrónico",
        instruction: "Abre el enlace para confirmar que esta dirección es tuya. Así {{application}} sabrá dónde encontrarte. Solo se puede usar una vez.",
        button: "Confirmar la dirección",
        unasked: Remark {
            lead: "¿No lo has pedido?",
            text: "Entonces es posible que alguien haya escrito tu dirección por error. Puedes ignorar este mensaje.",
        },
    },
    reset_link: LinkWords {
        subject: "Elige una contraseña nueva para {{tenant}}",
        heading: "Elige una contraseña nueva",
        instruction: "Abre el enlace para elegir una contraseña nueva para {{application}}. Es válido durante {{validity}} y solo se puede usar una vez.",
        button: "Elegir contraseña",
        unasked: Remark {
            lead: "¿No lo has pedido?",
            text: "Entonces puedes ignorar este mensaje. Tu contraseña no cambia.",
        },
    },
    sign_in_link: LinkWords {
        subject: "Tu enlace para iniciar sesión en {{application}}",
        heading: "Inicia sesión",
        instruction: "Abre el enlace para iniciar sesión en {{application}}. Es válido durante {{validity}} y solo se puede usar una vez.",
        button: "Iniciar sesión",
        unasked: Remark {
            lead: "¿No estás iniciando sesión?",
            text: "Entonces puedes ignorar este mensaje. Nadie puede entrar sin el enlace.",
        },
    },
    open_by_hand: "Si el botón no funciona, abre esta dirección en tu navegador:",
    sms_code: "{{code}} es tu código de {{application}}. No lo compartas.",
    sms_sign_in: "{{code}} es tu código para entrar en {{application}}. No lo compartas.",
    voice_code: "Hola. Tu código para {{application}} es: {{code}}. Repito, tu código es: {{again}}. Adiós.",
    notices: Notices {
        factor_added: NoticeWords {
            subject: "Se ha añadido un método de verificación a tu cuenta de {{tenant}}",
            heading: "Se ha añadido un método de verificación",
            body: "A partir de ahora se puede usar como segundo paso al iniciar sesión.",
            advice: "Entonces es posible que otra persona tenga acceso a tu cuenta. Cambia tu contraseña ahora, elimina el método y ponte en contacto con {{tenant}}.",
        },
        factor_removed: NoticeWords {
            subject: "Se ha eliminado un método de verificación de tu cuenta de {{tenant}}",
            heading: "Se ha eliminado un método de verificación",
            body: "Ya no se puede usar como segundo paso al iniciar sesión.",
            advice: "Entonces es posible que otra persona tenga acceso a tu cuenta. Cambia tu contraseña ahora, vuelve a configurar el segundo paso y ponte en contacto con {{tenant}}.",
        },
        recovery_code_used: NoticeWords {
            subject: "Se ha usado tu código de recuperación de {{tenant}}",
            heading: "Se ha usado tu código de recuperación",
            body: "Alguien ha iniciado sesión en tu cuenta con el código de recuperación. Ese código ya no sirve; el nuevo se mostró después de iniciar sesión.",
            advice: "Entonces otra persona sabe tu contraseña y tenía tu código de recuperación. Cambia tu contraseña ahora y ponte en contacto con {{tenant}}.",
        },
        password_blocked: NoticeWords {
            subject: "Se ha bloqueado el inicio de sesión en tu cuenta de {{tenant}}",
            heading: "Se ha bloqueado el inicio de sesión",
            body: "Se ha introducido una contraseña incorrecta demasiadas veces, así que por ahora no se puede iniciar sesión desde ese lugar. Si solo habías olvidado tu contraseña, puedes quitar el bloqueo con el enlace.",
            advice: "Entonces alguien intenta adivinar tu contraseña. Tu cuenta sigue segura. No abras el enlace y asegúrate de que tu contraseña sea larga y de no usarla en ningún otro sitio.",
        },
        authenticator_locked: NoticeWords {
            subject: "Se ha bloqueado un método de verificación de tu cuenta de {{tenant}}",
            heading: "Se ha bloqueado un método de verificación",
            body: "Se han introducido códigos incorrectos tantas veces que este método ya no acepta ninguno. Usa otro método o tu código de recuperación, o pide a {{tenant}} que lo restablezca.",
            advice: "Entonces alguien sabe tu contraseña. Cámbiala ahora y ponte en contacto con {{tenant}}.",
        },
        codes_failing: NoticeWords {
            subject: "Códigos incorrectos en tu cuenta de {{tenant}}",
            heading: "Alguien introduce códigos incorrectos",
            body: "Alguien ha iniciado sesión con tu contraseña correcta y después ha introducido códigos incorrectos varias veces. Nadie ha entrado de esa manera.",
            advice: "Entonces alguien sabe tu contraseña. Cámbiala ahora y no le digas ningún código a nadie.",
        },
        password_changed: NoticeWords {
            subject: "Se ha cambiado la contraseña de tu cuenta de {{tenant}}",
            heading: "Se ha cambiado tu contraseña",
            body: "A partir de ahora inicias sesión con la contraseña nueva. Se ha cerrado la sesión en todas partes.",
            advice: "Entonces es posible que otra persona tenga acceso a tu cuenta. Elige ahora otra contraseña y ponte en contacto con {{tenant}}.",
        },
        not_you: "¿No has sido tú?",
        unblock: "Quitar el bloqueo",
        account_label: "Cuenta",
        source_label: "Dirección IP",
        method_label: "Método",
        time_label: "Fecha y hora",
        application_label: "Aplicación",
        phone: "Teléfono (SMS o llamada)",
        app: "Aplicación de autenticación",
        email: "Correo electrónico",
        recovery_code: "Código de recuperación",
    },
};
