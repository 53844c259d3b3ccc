// SQLite as this module uses it: a connection, prepared statements with checked columns, transactions, and
// SQLite's result codes as errors of one line.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

struct sqlite3;
struct sqlite3_stmt;

namespace quantface {

// How long a statement waits for another process to finish its transaction before it gives up.
constexpr int kSqliteBusyMilliseconds = 60 * 1000;

enum class SqliteMode { kReadOnly, kReadWrite, kCreate };

class SqliteStatement;

// Errors: damaged or foreign files are Error(kBadInput), a file that stays locked, is not writable or a full
// disk are Error(kFailed); each names the file.
class SqliteDatabase {
  public:
    SqliteDatabase(const std::filesystem::path& path, SqliteMode mode);
    ~SqliteDatabase();
    SqliteDatabase(const SqliteDatabase&) = delete;
    SqliteDatabase& operator=(const SqliteDatabase&) = delete;

    const std::string& name() const { return name_; }
    // Statements without results.
    void execute(const char* sql);
    SqliteStatement prepare(const char* sql);
    // Of the row that the last INSERT made.
    int64_t last_row() const;
    // Rows that the last statement changed.
    int64_t changed_rows() const;
    // What a statement with one whole number as its result gives.
    int64_t number(const char* sql);

    [[noreturn]] void fail(int code) const;

  private:
    std::string name_;
    sqlite3* handle_ = nullptr;
};

// Parameters and columns count as SQLite counts them: parameters from 1, columns from 0.
class SqliteStatement {
  public:
    SqliteStatement(SqliteDatabase& database, sqlite3_stmt* statement)
        : database_(&database), statement_(statement) {}
    ~SqliteStatement();
    SqliteStatement(SqliteStatement&& other) noexcept;
    SqliteStatement& operator=(SqliteStatement&&) = delete;

    SqliteStatement& bind(int parameter, int64_t value);
    SqliteStatement& bind(int parameter, const std::string& text);
    // The bytes must outlive the next step().
    SqliteStatement& bind(int parameter, std::span<const uint8_t> bytes);

    // True where a row came.
    bool step();
    // step() to the end and reset().
    void run();
    void reset();

    // Throw Error(kBadInput) where the value is of another type. Spans last until the next step().
    int64_t integer(int column) const;
    std::string text(int column) const;
    std::span<const uint8_t> blob(int column) const;

  private:
    void check_bound(int code) const;
    void require_type(int column, int type) const;

    SqliteDatabase* database_;
    sqlite3_stmt* statement_;
};

// Rolled back unless commit() was called.
class SqliteTransaction {
  public:
    // kWrite takes the file's only write lock at once, so that nothing read in it can change before it
    // writes.
    enum class Kind { kRead, kWrite };
    SqliteTransaction(SqliteDatabase& database, Kind kind);
    ~SqliteTransaction();
    SqliteTransaction(const SqliteTransaction&) = delete;
    SqliteTransaction& operator=(const SqliteTransaction&) = delete;
    void commit();

  private:
    SqliteDatabase& database_;
    bool open_ = true;
};

}  // namespace quantface
