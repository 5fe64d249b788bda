//! What the crate promises, in sentences. The parts that need the real boundaries look for them in `NARHET_TEST_DATA`.

mod demo;
mod hostile;
mod land;
mod real;
mod refusals;
