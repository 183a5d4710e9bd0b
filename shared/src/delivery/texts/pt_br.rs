//! Brazilian Portuguese; “você”.

use super::{CodeWords, LinkWords, Minutes, NoticeWords, Notices, Plural, Remark, Texts};
use crate::rules::language::Language;

pub(super) static TEXTS: Texts = Texts {
    language: Language::PtBr,
    account: "sua conta",
    minutes: Minutes {
        less_than_one: "menos de um minuto",
        forms: Plural::One { one: "{{n}} minuto", other: "{{n}} minutos" },
    },
    code_label: "Código",
    never_share: Remark {
        lead: "Nunca compartilhe este código.",
        text: "Ninguém de {{tenant}} vai pedi-lo a você.",
    },
    mfa_code: CodeWords {
        subject: "{{code}} é o seu código para {{tenant}}",
        heading: "Seu código",
        instruction: "Digite-o em {{application}} para continuar. Ele é válido por {{validity}} e funciona uma única vez.",
        unasked: Remark {
            lead: "Você não pediu este código?",
            text: "Então alguém pode saber sua senha. Troque-a agora e não informe o código a ninguém.",
        },
    },
    verify_email: CodeWords {
        subject: "{{code}} é o código para confirmar seu e-mail",
        heading: "Confirme seu e-mail",
        instruction: "Digite este código em {{application}} para confirmar que o endereço é seu. Ele é válido por {{validity}} e funciona uma única vez.",
        unasked: Remark {
            lead: "Você não pediu isto?",
            text: "Então alguém pode ter digitado seu endereço por engano. Você pode ignorar este e-mail.",
        },
    },
    sign_in_code: CodeWords {
        subject: "{{code}} é o seu código de acesso para {{tenant}}",
        heading: "Seu código de acesso",
        instruction: "Digite-o em {{application}} para entrar. Ele é válido por {{validity}} e funciona uma única vez.",
        unasked: Remark {
            lead: "Você não está tentando entrar?",
            text: "Então você pode ignorar este e-mail. Ninguém entra sem o código.",
        },
    },
    enrolment_link: LinkWords {
        subject: "Configure a verificação em duas etapas de {{tenant}}",
        heading: "Configure a verificação em duas etapas",
        instruction: "{{tenant}} pede que você proteja sua conta com uma segunda etapa ao entrar. Abra o link para configurá-la. Ele funciona uma única vez.",
        button: "Configurar",
        unasked: Remark {
            lead: "Você não esperava este e-mail?",
            text: "Então não abra o link e fale com {{tenant}}.",
        },
    },
    verify_link: LinkWords {
        subject: "Confirme seu e-mail para {{tenant}}",
        heading: "Confirme seu e-mail",
        instruction: "Abra o link para confirmar que este endereço é seu. Assim {{application}} saberá onde encontrar você. Ele funciona uma única vez.",
        button: "Confirmar o endereço",
        unasked: Remark {
            lead: "Você não pediu isto?",
            text: "Então alguém pode ter digitado seu endereço por engano. Você pode ignorar este e-mail.",
        },
    },
    reset_link: LinkWords {
        subject: "Escolha uma nova senha para {{tenant}}",
        heading: "Escolha uma nova senha",
        instruction: "Abra o link para escolher uma nova senha para {{application}}. Ele é válido por {{validity}} e funciona uma única vez.",
        button: "Escolher senha",
        unasked: Remark {
            lead: "Você não pediu isto?",
            text: "Então você pode ignorar este e-mail. Sua senha continua a mesma.",
        },
    },
    sign_in_link: LinkWords {
        subject: "Seu link de acesso para {{application}}",
        heading: "Entre na sua conta",
        instruction: "Abra o link para entrar em {{application}}. Ele é válido por {{validity}} e funciona uma única vez.",
        button: "Entrar",
        unasked: Remark {
            lead: "Você não está tentando entrar?",
            text: "Então você pode ignorar este e-mail. Ninguém entra sem o link.",
        },
    },
    open_by_hand: "Se o botão não funcionar, abra este endereço no navegador:",
    sms_code: "{{code}} é o seu código para {{application}}. Não compartilhe.",
    sms_sign_in: "{{code}} é o seu código para entrar em {{application}}. Sigilo!",
    voice_code: "Olá. O seu código para {{application}} é: {{code}}. Repetindo, o seu código é: {{again}}. Até logo.",
    notices: Notices {
        factor_added: NoticeWords {
            subject: "Um método de verificação foi adicionado à sua conta de {{tenant}}",
            heading: "Um método de verificação foi adicionado",
            body: "A partir de agora, ele pode ser usado como segunda etapa quando você entra.",
            advice: "Então outra pessoa pode ter acesso à sua conta. Troque sua senha agora, remova o método e fale com {{tenant}}.",
        },
        factor_removed: NoticeWords {
            subject: "Um método de verificação foi removido da sua conta de {{tenant}}",
            heading: "Um método de verificação foi removido",
            body: "Ele não pode mais ser usado como segunda etapa quando você entra.",
            advice: "Então outra pessoa pode ter acesso à sua conta. Troque sua senha agora, configure a segunda etapa de novo e fale com {{tenant}}.",
        },
        recovery_code_used: NoticeWords {
            subject: "Seu código de recuperação de {{tenant}} foi usado",
            heading: "Seu código de recuperação foi usado",
            body: "Alguém entrou na sua conta com o código de recuperação. Esse código não vale mais; o novo foi mostrado depois do acesso.",
            advice: "Então outra pessoa sabe sua senha e tinha seu código de recuperação. Troque sua senha agora e fale com {{tenant}}.",
        },
        password_blocked: NoticeWords {
            subject: "O acesso à sua conta de {{tenant}} foi bloqueado",
            heading: "O acesso foi bloqueado",
            body: "Uma senha errada foi digitada vezes demais, por isso o acesso a partir desse lugar está bloqueado por enquanto. Se você só esqueceu a senha, pode remover o bloqueio com o link.",
            advice: "Então alguém está tentando adivinhar sua senha. Sua conta continua segura. Não abra o link e verifique se sua senha é longa e não é usada em nenhum outro lugar.",
        },
        authenticator_locked: NoticeWords {
            subject: "Um método de verificação da sua conta de {{tenant}} foi bloqueado",
            heading: "Um método de verificação foi bloqueado",
            body: "Códigos errados foram digitados tantas vezes que este método não aceita mais nenhum código. Use outro método ou seu código de recuperação, ou peça a {{tenant}} que o redefina.",
            advice: "Então alguém sabe sua senha. Troque-a agora e fale com {{tenant}}.",
        },
        codes_failing: NoticeWords {
            subject: "Códigos errados na sua conta de {{tenant}}",
            heading: "Alguém está digitando códigos errados",
            body: "Alguém usou sua senha correta e depois digitou códigos errados várias vezes. Ninguém entrou dessa forma.",
            advice: "Então alguém sabe sua senha. Troque-a agora e não informe nenhum código a ninguém.",
        },
        password_changed: NoticeWords {
            subject: "A senha da sua conta de {{tenant}} foi alterada",
            heading: "Sua senha foi alterada",
            body: "De agora em diante, entre com a nova senha. Todas as sessões foram encerradas.",
            advice: "Então outra pessoa pode ter acesso à sua conta. Escolha uma nova senha agora e fale com {{tenant}}.",
        },
        not_you: "Não foi você?",
        unblock: "Remover o bloqueio",
        account_label: "Conta",
        source_label: "Endereço IP",
        method_label: "Método",
        time_label: "Data e hora",
        application_label: "Aplicativo",
        phone: "Telefone (SMS ou ligação)",
        app: "Aplicativo autenticador",
        email: "E-mail",
        recovery_code: "Código de recuperação",
    },
};
