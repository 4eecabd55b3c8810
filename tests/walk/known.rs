//! What the walk does not see through as yet, so that histories leave it out. Each `true` brings its
//! kind back.

/// A first page may come before its turn after a token led to an empty end, which is then checked.
/// `WindowWalk::seek` believes such a page, and what stands before it is lost.
pub const EARLY_WHILE_CHECKING: bool = false;

/// The question for the newest record may be refused where answers have no `Date`. Then the horizon
/// is that of the machine's own clock, `Plan::newest_is` takes it for certain, and a token that went
/// astray leads to records below it.
pub const NEITHER_DATE_NOR_NEWEST: bool = false;

/// A token within an instant of the present may fail or go astray where stamps are rounded up. The
/// bookmark is that instant's shown stamp, and records of it lie below what was shown.
pub const ROUNDED_INSTANTS_LEFT: bool = false;
