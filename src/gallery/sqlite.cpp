#include "gallery/sqlite.h"

#include <sqlite3.h>

#include <new>
#include <utility>

#include "base/error.h"

namespace quantface {

namespace {

int open_flags(SqliteMode mode) {
    switch (mode) {
        case SqliteMode::kReadOnly:
            return SQLITE_OPEN_READONLY;
        case SqliteMode::kReadWrite:
            return SQLITE_OPEN_READWRITE;
        case SqliteMode::kCreate:
            break;
    }
    return SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
}

// The file may come from anywhere: no SQL in it is run, and its sizes are checked where they are read.
void distrust(sqlite3* handle) {
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
    sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, 1 << 20);
    sqlite3_exec(
        handle,
        "PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0; PRAGMA foreign_keys = ON; "
        // In KiB: photos' checksums come in no order, and a large gallery's index of them is all over.
        "PRAGMA cache_size = -131072",
        nullptr, nullptr, nullptr);
}

}  // namespace

SqliteDatabase::SqliteDatabase(const std::filesystem::path& path, SqliteMode mode) : name_(path.string()) {
    // An absolute path, so that no name is taken for one of SQLite's own (":memory:").
    const std::string file = std::filesystem::absolute(path).string();
    const int code = sqlite3_open_v2(file.c_str(), &handle_, open_flags(mode) | SQLITE_OPEN_NOMUTEX, nullptr);
    if (code != SQLITE_OK) {
        sqlite3_close(handle_);  // the destructor will not run
        handle_ = nullptr;
        fail(code);
    }
    sqlite3_extended_result_codes(handle_, 1);
    sqlite3_busy_timeout(handle_, kSqliteBusyMilliseconds);
    distrust(handle_);
}

SqliteDatabase::~SqliteDatabase() {
    sqlite3_close(handle_);
}

void SqliteDatabase::fail(int code) const {
    const std::string reason = sqlite3_errstr(code & 0xff);
    switch (code & 0xff) {
        case SQLITE_NOMEM:
            throw std::bad_alloc();
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
        case SQLITE_PROTOCOL:
            fail_work(name_ + ": another process keeps it locked; try again");
        case SQLITE_READONLY:
        case SQLITE_PERM:
            fail_work(name_ + ": cannot be written to");
        case SQLITE_FULL:
            fail_work(name_ + ": the disk is full");
        case SQLITE_IOERR:
            fail_work(name_ + ": cannot be read or written: " + reason);
        case SQLITE_INTERRUPT:
            fail_work("interrupted");
        case SQLITE_CANTOPEN:
            fail_bad_input(name_ + ": cannot be opened");
        default:
            fail_bad_input(name_ + ": damaged, or no gallery (" + reason + ")");
    }
}

void SqliteDatabase::execute(const char* sql) {
    const int code = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) fail(code);
}

SqliteStatement SqliteDatabase::prepare(const char* sql) {
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v3(handle_, sql, -1, 0, &statement, nullptr);
    if (code != SQLITE_OK) fail(code);
    return {*this, statement};
}

int64_t SqliteDatabase::last_row() const {
    return sqlite3_last_insert_rowid(handle_);
}

int64_t SqliteDatabase::changed_rows() const {
    return sqlite3_changes64(handle_);
}

int64_t SqliteDatabase::number(const char* sql) {
    SqliteStatement statement = prepare(sql);
    if (!statement.step()) fail(SQLITE_CORRUPT);
    return statement.integer(0);
}

SqliteStatement::~SqliteStatement() {
    sqlite3_finalize(statement_);
}

SqliteStatement::SqliteStatement(SqliteStatement&& other) noexcept
    : database_(other.database_), statement_(std::exchange(other.statement_, nullptr)) {}

void SqliteStatement::check_bound(int code) const {
    if (code != SQLITE_OK) database_->fail(code);
}

SqliteStatement& SqliteStatement::bind(int parameter, int64_t value) {
    check_bound(sqlite3_bind_int64(statement_, parameter, value));
    return *this;
}

SqliteStatement& SqliteStatement::bind(int parameter, const std::string& text) {
    check_bound(
        sqlite3_bind_text64(statement_, parameter, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
    return *this;
}

SqliteStatement& SqliteStatement::bind(int parameter, std::span<const uint8_t> bytes) {
    check_bound(sqlite3_bind_blob64(statement_, parameter, bytes.data(), bytes.size(), SQLITE_STATIC));
    return *this;
}

bool SqliteStatement::step() {
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    sqlite3_reset(statement_);  // so that it can be bound anew
    if (code != SQLITE_DONE) database_->fail(code);
    return false;
}

void SqliteStatement::run() {
    while (step()) {
    }
    reset();
}

void SqliteStatement::reset() {
    sqlite3_reset(statement_);  // its code is that of the last step, which was looked at
}

void SqliteStatement::require_type(int column, int type) const {
    if (sqlite3_column_type(statement_, column) != type) {
        fail_bad_input(database_->name() + ": damaged, or no gallery (a value is of the wrong type)");
    }
}

int64_t SqliteStatement::integer(int column) const {
    require_type(column, SQLITE_INTEGER);
    return sqlite3_column_int64(statement_, column);
}

std::string SqliteStatement::text(int column) const {
    require_type(column, SQLITE_TEXT);
    const unsigned char* text = sqlite3_column_text(statement_, column);
    if (text == nullptr) throw std::bad_alloc();
    return {reinterpret_cast<const char*>(text),
            static_cast<size_t>(sqlite3_column_bytes(statement_, column))};
}

std::span<const uint8_t> SqliteStatement::blob(int column) const {
    require_type(column, SQLITE_BLOB);
    const auto* bytes = static_cast<const uint8_t*>(sqlite3_column_blob(statement_, column));
    return {bytes, static_cast<size_t>(sqlite3_column_bytes(statement_, column))};
}

SqliteTransaction::SqliteTransaction(SqliteDatabase& database, Kind kind) : database_(database) {
    database.execute(kind == Kind::kWrite ? "BEGIN IMMEDIATE" : "BEGIN");
}

SqliteTransaction::~SqliteTransaction() {
    if (!open_) return;
    try {
        database_.execute("ROLLBACK");
    } catch (...) {
        // SQLite has rolled back by itself where the error that brought us here was grave.
    }
}

void SqliteTransaction::commit() {
    database_.execute("COMMIT");
    open_ = false;
}

}  // namespace quantface
