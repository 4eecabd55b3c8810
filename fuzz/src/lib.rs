//! What the fuzz targets share: a way to read pages as the tap does, and what must hold of every
//! line that comes out. The checks are written apart from the code that they check.

pub mod catalog;
pub mod lines;
pub mod reading;
pub mod state;
