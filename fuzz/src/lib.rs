//! What the fuzz targets share: functions that read pages as the tap does, and checks of every line
//! of the output. The checks are independent of the code that they check.

pub mod catalog;
pub mod lines;
pub mod reading;
pub mod state;
