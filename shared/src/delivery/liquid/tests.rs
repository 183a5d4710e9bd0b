use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;

fn values() -> Given {
    Given::members([
        ("code", Given::text(Some("042917"))),
        ("now", Given::number(1_900_000_020)),
        (
            "user",
            Given::members([
                ("name", Given::text(Some("<O'Neil> & \"Söhne\""))),
                ("email_verified", Given::truth(true)),
                ("user_metadata", Given::json(&serde_json::json!({ "lang": "de", "tags": ["a", "b", "c"] }))),
            ]),
        ),
    ])
}

fn html(template: &str) -> String {
    Liquid::parse(template, Escaping::Html).unwrap().render(&values()).unwrap()
}

fn plain(template: &str) -> String {
    Liquid::parse(template, Escaping::None).unwrap().render(&values()).unwrap()
}

fn flaw(template: &str) -> String {
    Liquid::parse(template, Escaping::Html).unwrap_err().to_string()
}

fn is_refused(template: &str) -> bool {
    Liquid::parse(template, Escaping::Html).unwrap().render(&values()).is_err()
}

#[test]
fn values_are_escaped_unless_the_template_says_otherwise() {
    assert_snapshot!(html("{{ user.name }}"), @"&lt;O&#39;Neil&gt; &amp; &quot;Söhne&quot;");
    assert_snapshot!(html("{{ user.name | escape }}"), @"&lt;O&#39;Neil&gt; &amp; &quot;Söhne&quot;");
    assert_snapshot!(html("{{- user.name | upcase -}}"), @"&lt;O&#39;NEIL&gt; &amp; &quot;SÖHNE&quot;");
    assert_snapshot!(html("{% assign n = user.name %}{{ n }}"), @"&lt;O&#39;Neil&gt; &amp; &quot;Söhne&quot;");
    assert_snapshot!(html("{{ user.name | raw }}"), @r#"<O'Neil> & "Söhne""#);
    assert_snapshot!(html("{{ 'a|raw' }}{{ '<|' }}"), @"a|raw&lt;|");
    assert_snapshot!(plain("{{ user.name }}"), @r#"<O'Neil> & "Söhne""#);
}

/// SEC-37: copies cost what they weigh, however they are made, and a template has only so many tags.
#[test]
fn copies_are_charged() {
    let array = "{% assign a = user.user_metadata.lang %}{% for i in (1..10) %}{% capture a %}{{ a }},{{ a }}{% endcapture %}{% endfor %}{% assign b = a | split: ',' %}";
    let fine = format!("{array}{{% for i in (1..3) %}}{{% assign c = b %}}{{% endfor %}}{{{{ b.size }}}}");
    assert!(!is_refused(&fine));
    for too_much in
        ["{% assign c = b %}", "{% for x in b limit: 0 %}{% endfor %}{% for x in b %}{% break %}{% endfor %}"]
    {
        assert!(
            is_refused(&format!("{array}{{% for i in (1..400) %}}{too_much}{{% endfor %}}")),
            "{too_much}"
        );
    }
    assert!(is_refused("{% for i in (1..5000) %}{% assign c = i %}{% endfor %}"));
    assert!(Liquid::parse(&"{{ code }}".repeat(500), Escaping::Html).is_ok());
    assert!(flaw(&"{{ code }}".repeat(501)).starts_with("Too many tags"));
}

/// Templates written for Auth0 name what does not exist here.
#[test]
fn what_does_not_exist_is_empty() {
    assert_eq!(
        html("[{{ organization.branding.colors.primary }}{{ nothing }}{{ user.app_metadata.x }}]"),
        "[]"
    );
    assert_eq!(
        html("{% if organization %}yes{% else %}no{% endif %}{{ organization.name | default: 'none' }}"),
        "nonone"
    );
    assert_eq!(html("{% for x in nothing %}x{% else %}none{% endfor %}"), "none");
    assert_eq!(html("{% if user.user_metadata.lang == 'de' %}de{% elsif true %}en{% endif %}"), "de");
}

#[test]
fn tags_and_filters_do_what_they_say() {
    assert_eq!(
        html("{% for t in user.user_metadata.tags reversed %}{{ forloop.index }}{{ t }}{% endfor %}"),
        "1c2b3a"
    );
    assert_eq!(
        html(
            "{% for i in (1..9) limit:3 offset:2 %}{{ i }}{% if i == 4 %}{% break %}{% endif %}{% endfor %}"
        ),
        "34"
    );
    assert_eq!(html("{% capture x %}<b>{{ code }}</b>{% endcapture %}{{ x | raw }}"), "<b>042917</b>");
    assert_eq!(html("{% case code %}{% when '042917' %}right{% else %}wrong{% endcase %}"), "right");
    assert_eq!(
        html("{% comment %}{{ broken | {% endcomment %}{% raw %}{{ code }} {% if %}{% endraw %}"),
        "{{ code }} {% if %}"
    );
    assert_eq!(
        html("{{ 'a-b-c' | split: '-' | join: '+' }} {{ 'abc' | slice: -2, 2 }} {{ 'abc' | size }}"),
        "a+b+c bc 3"
    );
    assert_eq!(
        html(
            "{{ 'now' | date: '%Y-%m-%d %H:%M' }} {{ '2016-06-13T02:30:00Z' | date: '%e %B' }} {{ '2016-02-31' | date: '%Y' }}"
        ),
        "2030-03-17 17:47 13 June 2016-02-31"
    );
    assert_eq!(
        html("{{ 'a long text' | truncate: 6 }} {{ 'a b&' | url_encode }} {{ '<p>x</p>' | strip_html }}"),
        "a l... a%20b%26 x"
    );
}

/// Line and column of every kind of mistake.
#[test]
fn mistakes_are_told_with_their_place() {
    assert_snapshot!(flaw("fine\n  {{ code | shout }}"), @"Unknown filter 'shout' at line 2, column 13");
    assert_snapshot!(flaw("{% if code %}\n{{ code | upcase: 1 }}{% endif %}"), @"Syntax error: upcase takes 0 argument(s) at line 2, column 1");
    assert_snapshot!(flaw("ü {% include 'x' %}"), @"Unknown or misplaced tag 'include' at line 1, column 3");
    assert_snapshot!(flaw("{% debug %}"), @"Unknown or misplaced tag 'debug' at line 1, column 1");
    assert_snapshot!(flaw("\n{% if code %}"), @"{% if %} is never closed at line 2, column 1");
    assert_snapshot!(flaw("{% if code %}{% endfor %}"), @"Unknown or misplaced tag 'endfor' at line 1, column 14");
    assert_snapshot!(flaw("a {{ code"), @"{{ is not closed by }} within 1000 bytes at line 1, column 3");
    assert_snapshot!(flaw("{{ 'code }}"), @"{{ is not closed by }} within 1000 bytes at line 1, column 1");
    assert_snapshot!(flaw("{% raw %}"), @"{% raw %} is never closed at line 1, column 1");
    assert_snapshot!(flaw("{{ 9999999999999999 }}"), @"The number is too long at line 1, column 19");
    assert!(flaw("{{ }}").ends_with("at line 1, column 1"));
    assert!(flaw("x\n{% assign x %}").ends_with("at line 2, column 1"));
    assert!(flaw("{% elsif true %}").contains("at line 1, column "));
    assert!(flaw(&"{% if a %}".repeat(17)).starts_with("Blocks are nested too deeply"));
    assert!(flaw(&" ".repeat(501)).starts_with("Too many blanks"));
    assert!(flaw(&format!("{{{{ a{} }}}}", "[b".repeat(20))).starts_with("Too many brackets"));
}

/// Every way to run away ends in an error, by counting and not by a clock.
#[test]
fn nothing_runs_away() {
    assert!(is_refused("{% for i in (1..100000) %}{% for j in (1..100000) %}{% endfor %}{% endfor %}"));
    assert!(is_refused("{% for i in (0..999999999999999) %}{% endfor %}"));
    let nested = "{% for i in (1..90) %}".repeat(16) + &"{% endfor %}".repeat(16);
    assert!(is_refused(&nested));
    let doubling = "{% assign a = a | append: a | append: a | append: a %}".repeat(50);
    assert!(is_refused(&format!("{{% assign a = '{}' %}}{doubling}", "x".repeat(900))));
    assert!(is_refused(
        "{% assign a = '' %}{% for i in (1..4000) %}{% assign a = a | append: '0123456789' %}{% endfor %}"
    ));
    let long = "x".repeat(200);
    assert!(is_refused(&format!("{{% for i in (1..4000) %}}{long}{{% endfor %}}")), "the output");
    assert!(is_refused(&format!(
        "{{% capture c %}}{{% for i in (1..4000) %}}{long}{{% endfor %}}{{% endcapture %}}"
    )));
    assert_eq!(html("{{ 'ab' | replace: '', 'x' }}"), "ab");
    assert!(is_refused("{{ 'now' | date: '%99999999Y' }}"));
}

#[test]
fn nothing_is_shown() {
    let template = Liquid::parse("secret {{ code }}", Escaping::None).unwrap();
    assert!(!format!("{template:?} {:?}", values()).contains("secret"));
    assert!(!format!("{:?}", values()).contains("042917"));
}

proptest! {
    /// No text at all makes the parser or the renderer panic.
    #[test]
    fn any_text_is_a_template_or_a_flaw(
        text in "(\\{\\{|\\}\\}|\\{%|%\\}|-|'|\"| |\n|\\||if|endif|for|endfor|in|x|user|name|else|elsif|case|when|raw|endraw|assign|=|slice|:|,|[0-9]|\\(|\\.\\.|\\)|\\[|\\]|ü|\\PC){0,40}",
    ) {
        for escaping in [Escaping::Html, Escaping::None] {
            match Liquid::parse(&text, escaping) {
                Ok(template) => drop(template.render(&values())),
                Err(flaw) => prop_assert!(flaw.line > 0 && flaw.column > 0),
            }
        }
    }

    /// A piece that is well-formed but for its content.
    #[test]
    fn any_expression_is_parsed_or_refused(inside in "[a-z0-9 |:,.'\"\\[\\]()<>=!-]{0,30}") {
        for text in [format!("a {{{{ {inside} }}}} b"), format!("a {{% {inside} %}} b"), format!("{{% if {inside} %}}{{% endif %}}"), format!("{{% for x in {inside} %}}{{% endfor %}}")] {
            if let Ok(template) = Liquid::parse(&text, Escaping::Html) {
                drop(template.render(&values()));
            }
        }
    }
}
