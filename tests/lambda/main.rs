//! The real binaries under a Lambda Runtime API.
