//! Japanese; polite.

use super::{CodeWords, LinkWords, Minutes, NoticeWords, Notices, Plural, Remark, Texts};
use crate::rules::language::Language;

pub(super) static TEXTS: Texts = Texts {
    language: Language::Ja,
    account: "アカウント",
    minutes: Minutes { less_than_one: "1分未満", forms: Plural::Same("{{n}}分間") },
    code_label: "コード",
    never_share: Remark {
        lead: "このコードを誰にも教えないでください。",
        text: "{{tenant}} の担当者がコードをお尋ねすることは決してありません。",
    },
    mfa_code: CodeWords {
        subject: "{{code}} は {{tenant}} の認証コードです",
        heading: "認証コード",
        instruction: "続けるには、{{application}} でこのコードを入力してください。有効期間は{{validity}}で、1回だけ使用できます。",
        unasked: Remark {
            lead: "お心当たりがない場合",
            text: "第三者にパスワードを知られているおそれがあります。すぐにパスワードを変更し、コードは誰にも教えないでください。",
        },
    },
    verify_email: CodeWords {
        subject: "{{code}} はメールアドレスの確認コードです",
        heading: "メールアドレスの確認",
        instruction: "このアドレスがご本人のものであることを確認するため、{{application}} でこのコードを入力してください。有効期間は{{validity}}で、1回だけ使用できます。",
        unasked: Remark {
            lead: "お心当たりがない場合",
            text: "どなたかが誤ってこのアドレスを入力した可能性があります。このメールは無視してかまいません。",
        },
    },
    sign_in_code: CodeWords {
        subject: "{{code}} は {{tenant}} のログインコードです",
        heading: "ログインコード",
        instruction: "ログインするには、{{application}} でこのコードを入力してください。有効期間は{{validity}}で、1回だけ使用できます。",
        unasked: Remark {
            lead: "お心当たりがない場合",
            text: "このメールは無視してかまいません。コードがなければ、誰もログインできません。",
        },
    },
    enrolment_link: LinkWords {
        subject: "{{tenant}} の2段階認証を設定してください",
        heading: "2段階認証の設定",
        instruction: "{{tenant}} から、ログイン時の2段階認証でアカウントを保護するようお願いしています。リンクを開いて設定してください。リンクは1回だけ使用できます。",
        button: "設定する",
        unasked: Remark {
            lead: "お心当たりがない場合",
            text: "リンクを開かず、{{tenant}} にお問い合わせください。",
        },
    },
    verify_link: LinkWords {
        subject: "{{tenant}} のメールアドレスの確認",
        heading: "メールアドレスの確認",
        instruction: "このアドレスがご本人のものであることを確認するため、リンクを開いてください。{{application}} からの連絡先になります。リンクは1回だけ使用できます。",
        button: "アドレスを確認する",
        unasked: Remark {
            lead: "お心当たりがない場合",
            text: "どなたかが誤ってこのアドレスを入力した可能性があります。このメールは無視してかまいません。",
        },
    },
    reset_link: LinkWords {
        subject: "{{tenant}} の新しいパスワードの設定",
        heading: "新しいパスワードの設定",
        instruction: "リンクを開くと {{application}} の新しいパスワードを設定できます。有効期間は{{validity}}で、1回だけ使用できます。",
        button: "パスワードを設定する",
        unasked: Remark {
            lead: "お心当たりがない場合",
            text: "このメールは無視してかまいません。パスワードは変わりません。",
        },
    },
    sign_in_link: LinkWords {
        subject: "{{application}} のログインリンク",
        heading: "ログイン",
        instruction: "リンクを開くと {{application}} にログインできます。有効期間は{{validity}}で、1回だけ使用できます。",
        button: "ログインする",
        unasked: Remark {
            lead: "お心当たりがない場合",
            text: "このメールは無視してかまいません。リンクがなければ、誰もログインできません。",
        },
    },
    open_by_hand: "ボタンが使えない場合は、次のアドレスをブラウザで開いてください。",
    sms_code: "{{code}} は {{application}} の認証コードです。誰にも教えないでください。",
    sms_sign_in: "{{code}} は {{application}} のログインコードです。誰にも教えないでください。",
    voice_code: "こちらは {{application}} です。認証コードは、{{code}}、です。繰り返します。認証コードは、{{again}}、です。",
    notices: Notices {
        factor_added: NoticeWords {
            subject: "{{tenant}} アカウントに認証方法が追加されました",
            heading: "認証方法が追加されました",
            body: "今後、ログイン時の2段階目の認証に使用できます。",
            advice: "第三者がアカウントにアクセスしているおそれがあります。すぐにパスワードを変更し、その認証方法を削除して、{{tenant}} にご連絡ください。",
        },
        factor_removed: NoticeWords {
            subject: "{{tenant}} アカウントから認証方法が削除されました",
            heading: "認証方法が削除されました",
            body: "ログイン時の2段階目の認証には使用できなくなりました。",
            advice: "第三者がアカウントにアクセスしているおそれがあります。すぐにパスワードを変更し、2段階認証を設定し直して、{{tenant}} にご連絡ください。",
        },
        recovery_code_used: NoticeWords {
            subject: "{{tenant}} のリカバリーコードが使用されました",
            heading: "リカバリーコードが使用されました",
            body: "リカバリーコードを使ってアカウントへのログインが行われました。そのコードはもう使用できません。新しいコードはログイン後に表示されています。",
            advice: "第三者がパスワードを知っていて、リカバリーコードも持っていたことになります。すぐにパスワードを変更し、{{tenant}} にご連絡ください。",
        },
        password_blocked: NoticeWords {
            subject: "{{tenant}} アカウントへのログインがブロックされました",
            heading: "ログインがブロックされました",
            body: "誤ったパスワードが何度も入力されたため、その場所からのログインを一時的にブロックしています。パスワードをお忘れになっただけの場合は、リンクからブロックを解除できます。",
            advice: "第三者がパスワードを推測しようとしています。アカウントは引き続き保護されています。リンクは開かず、パスワードが十分に長く、ほかで使われていないことをご確認ください。",
        },
        authenticator_locked: NoticeWords {
            subject: "{{tenant}} アカウントの認証方法がロックされました",
            heading: "認証方法がロックされました",
            body: "誤ったコードが何度も入力されたため、この認証方法ではコードを受け付けなくなりました。別の認証方法かリカバリーコードを使用するか、{{tenant}} にリセットをご依頼ください。",
            advice: "第三者がパスワードを知っています。すぐにパスワードを変更し、{{tenant}} にご連絡ください。",
        },
        codes_failing: NoticeWords {
            subject: "{{tenant}} アカウントで誤ったコードが入力されています",
            heading: "誤ったコードが入力されています",
            body: "正しいパスワードが入力されたあと、誤ったコードが何度か入力されました。この方法でログインした人はいません。",
            advice: "第三者がパスワードを知っています。すぐにパスワードを変更し、コードは誰にも教えないでください。",
        },
        password_changed: NoticeWords {
            subject: "{{tenant}} アカウントのパスワードが変更されました",
            heading: "パスワードが変更されました",
            body: "今後は新しいパスワードでログインしてください。すべての端末からログアウトされました。",
            advice: "第三者がアカウントにアクセスしているおそれがあります。すぐに新しいパスワードを設定し、{{tenant}} にご連絡ください。",
        },
        not_you: "お心当たりがない場合",
        unblock: "ブロックを解除する",
        account_label: "アカウント",
        source_label: "IPアドレス",
        method_label: "認証方法",
        time_label: "日時",
        application_label: "アプリケーション",
        phone: "電話（SMSまたは通話）",
        app: "認証アプリ",
        email: "メール",
        recovery_code: "リカバリーコード",
    },
};
