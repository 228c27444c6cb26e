//! Practice databases: a mapping file says which rows are records, a connector streams them, rows become records.
