//! Black-box tests: the HTTP API over the twin, one isolated in-memory twin per test. Modules by behaviour.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, and so do the helpers it calls"
)]

mod http_server;
#[allow(
    dead_code,
    unused_imports,
    reason = "shared with the Lambda tier and the benchmarks, which use the rest"
)]
mod support;

mod audit;
mod audit_accounts;
mod audit_factors;
mod audit_messages;
mod bad_input;
mod bad_input_management;
mod bad_paths;
mod bindings;
mod bodies;
mod break_out;
mod budgets;
mod budgets_of_accounts;
mod client_grants;
mod client_grants_rights;
mod clients;
mod clients_input;
mod clients_lists;
mod clients_overtaken;
mod conflicts;
mod consistency;
mod cors;
mod costs;
mod document;
mod email_templates;
mod email_verification;
mod ended;
mod enrolment;
mod enrolment_page;
mod enrolment_page_ended;
mod enrolment_page_races;
mod enrolment_tickets;
mod expiry;
mod fault_rules;
mod faults;
mod flow;
mod fuzz;
mod languages;
mod limits;
mod log_lines;
mod logs;
mod logs_taken_in;
mod mail_events;
mod mail_marks;
mod mail_tags;
mod management;
mod metrics;
mod moving_in;
mod moving_in_input;
mod moving_in_passwords;
mod moving_in_resumed;
mod moving_out;
mod notice_delivery;
mod notices;
mod operator_races;
mod outages;
mod overtaken;
mod password_reset;
mod password_reset_mails;
mod passwordless;
mod passwordless_limits;
mod passwordless_secrets;
mod phone;
mod phone_faults;
mod phone_limits;
mod phone_races;
mod races;
mod recovery_code;
mod refresh;
mod refresh_chain;
mod refresh_factors;
mod refresh_roots;
mod removal;
mod resource_servers;
mod resource_servers_input;
mod restored;
mod revocation;
mod rotation;
mod secrets;
mod send_limits;
mod setting_effects;
mod settings;
mod signing_keys;
mod signup;
mod storage;
mod time_limits;
mod totp;
mod totp_import;
mod twilio;
mod twilio_management;
mod unblock;
mod upgrade;
mod user_blocks;
mod user_enrollments;
mod user_methods;
mod user_methods_changes;
mod user_methods_ended;
mod user_methods_input;
mod user_methods_overtaken;
mod user_methods_replaced;
mod user_tickets;
mod users;
mod users_ends;
mod users_input;
mod users_listed;
mod users_overtaken;
mod users_seed;
mod wire_authenticators;
mod wire_claims;
mod wire_codes;
mod wire_limits;
mod wire_mfa;
mod wire_token;
