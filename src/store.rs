//! Opens the store in a data folder.
