//! Black-box tests: the HTTP API over the twin, one isolated in-memory twin per test.

mod support;

mod flow;
