//! Black-box tests of Postern.
