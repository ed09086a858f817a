// A small JSON reader and writer (RFC 8259): what `users` needs, in one file, with bounds on depth.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace json {

enum class Kind { null, boolean, number, string, array, object };

// Numbers and booleans keep the text they were written with, so that nothing is lost on the way back.
struct Value {
  Kind kind = Kind::null;
  std::string text;
  std::vector<Value> items;                            // of an array
  std::vector<std::pair<std::string, Value>> members;  // of an object, in their order

  const Value *find(std::string_view key) const {
    for (const auto &[name, value] : members)
      if (name == key) return &value;
    return nullptr;
  }
};

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Value read() {
    Value value = value_at(0);
    skip_space();
    if (at_ != text_.size()) fail("nothing more");
    return value;
  }

 private:
  static constexpr int max_depth = 64;
  std::string_view text_;
  size_t at_ = 0;

  [[noreturn]] void fail(const char *expected) const {
    throw std::runtime_error("expected " + std::string(expected) + " at byte " + std::to_string(at_));
  }

  void skip_space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) at_++;
  }

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  bool take(char wanted) {
    skip_space();
    if (peek() != wanted) return false;
    at_++;
    return true;
  }

  Value value_at(int depth) {
    if (depth > max_depth) fail("less nesting");
    skip_space();
    switch (peek()) {
      case '{': return object(depth);
      case '[': return array(depth);
      case '"': return {Kind::string, string(), {}, {}};
      default: return plain();
    }
  }

  Value object(int depth) {
    Value value{Kind::object, {}, {}, {}};
    at_++;
    if (take('}')) return value;
    do {
      skip_space();
      std::string name = string();
      if (!take(':')) fail("':'");
      value.members.emplace_back(std::move(name), value_at(depth + 1));
    } while (take(','));
    if (!take('}')) fail("',' or '}'");
    return value;
  }

  Value array(int depth) {
    Value value{Kind::array, {}, {}, {}};
    at_++;
    if (take(']')) return value;
    do value.items.push_back(value_at(depth + 1));
    while (take(','));
    if (!take(']')) fail("',' or ']'");
    return value;
  }

  // true, false, null or a number.
  Value plain() {
    const size_t begin = at_;
    while (at_ < text_.size() && std::string_view(" \t\r\n,]}").find(text_[at_]) == std::string_view::npos) at_++;
    std::string word(text_.substr(begin, at_ - begin));
    if (word == "null") return {};
    if (word == "true" || word == "false") return {Kind::boolean, std::move(word), {}, {}};
    if (is_number(word)) return {Kind::number, std::move(word), {}, {}};
    at_ = begin;
    fail("a value");
  }

  static bool is_number(std::string_view word) {
    size_t i = word.substr(0, 1) == "-" ? 1 : 0;
    const auto digits = [&] {
      const size_t begin = i;
      while (i < word.size() && word[i] >= '0' && word[i] <= '9') i++;
      return i > begin;
    };
    if (i + 1 < word.size() && word[i] == '0' && word[i + 1] >= '0' && word[i + 1] <= '9') return false;
    if (!digits()) return false;
    if (i < word.size() && word[i] == '.') {
      i++;
      if (!digits()) return false;
    }
    if (i < word.size() && (word[i] == 'e' || word[i] == 'E')) {
      i++;
      if (i < word.size() && (word[i] == '+' || word[i] == '-')) i++;
      if (!digits()) return false;
    }
    return i == word.size();
  }

  std::string string() {
    if (peek() != '"') fail("'\"'");
    at_++;
    std::string text;
    while (peek() != '"') {
      if (at_ >= text_.size() || static_cast<unsigned char>(peek()) < 0x20) fail("the end of the string");
      if (peek() == '\\') escape(text);
      else text += text_[at_++];
    }
    at_++;
    return text;
  }

  void escape(std::string &text) {
    at_++;
    const size_t plain = std::string_view("\"\\/bfnrt").find(peek());
    if (at_ < text_.size() && plain != std::string_view::npos) {
      text += "\"\\/\b\f\n\r\t"[plain];
      at_++;
    } else if (peek() == 'u') {
      at_++;
      append_utf8(text, code_point());
    } else {
      fail("an escape");
    }
  }

  uint32_t code_point() {
    const uint32_t first = four_digits();
    if (first < 0xD800 || first > 0xDFFF) return first;
    if (first > 0xDBFF || text_.substr(at_, 2) != "\\u") fail("a surrogate pair");
    at_ += 2;
    const uint32_t second = four_digits();
    if (second < 0xDC00 || second > 0xDFFF) fail("the second half of a surrogate pair");
    return 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
  }

  uint32_t four_digits() {
    uint32_t value = 0;
    for (int i = 0; i < 4; i++, at_++) {
      const size_t digit = std::string_view("0123456789abcdefABCDEF").find(peek());
      if (at_ >= text_.size() || digit == std::string_view::npos) fail("four hexadecimal digits");
      value = value * 16 + static_cast<uint32_t>(digit > 15 ? digit - 6 : digit);
    }
    return value;
  }

  static void append_utf8(std::string &text, uint32_t code) {
    if (code < 0x80) {
      text += static_cast<char>(code);
    } else if (code < 0x800) {
      text += static_cast<char>(0xC0 | code >> 6);
      text += static_cast<char>(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
      text += static_cast<char>(0xE0 | code >> 12);
      text += static_cast<char>(0x80 | (code >> 6 & 0x3F));
      text += static_cast<char>(0x80 | (code & 0x3F));
    } else {
      text += static_cast<char>(0xF0 | code >> 18);
      text += static_cast<char>(0x80 | (code >> 12 & 0x3F));
      text += static_cast<char>(0x80 | (code >> 6 & 0x3F));
      text += static_cast<char>(0x80 | (code & 0x3F));
    }
  }
};

inline void write_string(std::string &to, std::string_view text) {
  static constexpr char digits[] = "0123456789abcdef";
  to += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') to += '\\';
    if (static_cast<unsigned char>(c) < 0x20) {
      to += "\\u00";
      to += digits[c >> 4];
      to += digits[c & 15];
    } else {
      to += c;
    }
  }
  to += '"';
}

// Appends the value on one line.
inline void write(std::string &to, const Value &value) {
  const char *between = "";
  switch (value.kind) {
    case Kind::null: to += "null"; return;
    case Kind::string: write_string(to, value.text); return;
    case Kind::boolean:
    case Kind::number: to += value.text; return;
    case Kind::array:
      to += '[';
      for (const Value &item : value.items) {
        to += std::exchange(between, ", ");
        write(to, item);
      }
      to += ']';
      return;
    case Kind::object:
      to += '{';
      for (const auto &[name, member] : value.members) {
        to += std::exchange(between, ", ");
        write_string(to, name);
        to += ": ";
        write(to, member);
      }
      to += '}';
  }
}

}  // namespace json
