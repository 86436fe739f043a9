# SQLite: server log and accounts, client history. Floor 3.40: STRICT tables, RETURNING, WAL. Public domain.
# May link: store_sqlite.
sotto_pkg(sqlite sqlite3>=3.40)
