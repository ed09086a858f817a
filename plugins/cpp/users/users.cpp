// users: who somebody is and which groups they are in, from the JSON file that lies beside the plugin.
// Every answer is JSON: a user or null, or a list. A file that cannot be read is an error: NULL, and the reason.
// SPDX-License-Identifier: MIT
#include <dlfcn.h>
#include <stdlib.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <mutex>
#include <string>
#include <string_view>

#include "json.hpp"
#include "plugdeck.h"

PD_PLUGIN("users", "1.0.0", "The Plugdeck authors", "MIT", "Looks up people and their groups in a JSON file.")
PD_INIT()
PD_FUNCTION(const char *, GetUser, (const char *id))
PD_FUNCTION(const char *, GetUserByClaim, (const char *claim, const char *value))
PD_FUNCTION(const char *, GetUserGroups, (const char *id))
PD_FUNCTION(const char *, FindUser, (const char *text))
PD_VARIABLE(const char *, UsersFile)  // NULL: users.json beside the plugin. Set it before the first call.

const char *UsersFile = nullptr;

namespace {

const pd_host *host = nullptr;

// Where this plugin lies. The loader knows it too; its answer is followed when it is a link.
std::string own_folder() {
  std::string path;
  Dl_info info{};
  if (PD_HOST_HAS(host, plugin_path) && host->plugin_path) path = host->plugin_path;
  else if (dladdr(&host, &info) && info.dli_fname) path = info.dli_fname;
  if (char *real = realpath(path.c_str(), nullptr)) {
    path = real;
    free(real);
  }
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

json::Value read_users() {
  const std::string path = UsersFile ? UsersFile : own_folder() + "/users.json";
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error(path + " cannot be opened; write the path of a file to UsersFile");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  json::Value users;
  try {
    users = json::Reader(text).read();
  } catch (const std::runtime_error &error) {
    throw std::runtime_error(path + " is no valid JSON: " + error.what());
  }
  if (users.kind != json::Kind::array) throw std::runtime_error(path + " holds no list of users");
  return users;
}

// Read at the first call, then kept. A failed reading is tried again at the next call.
const std::vector<json::Value> &users() {
  static std::mutex mutex;
  static json::Value all;
  const std::lock_guard<std::mutex> lock(mutex);
  if (all.kind == json::Kind::null) all = read_users();
  return all.items;
}

// A claim is a member of the user, or of the user's "claims".
bool has(const json::Value &user, std::string_view claim, std::string_view value) {
  const json::Value *claims = user.find("claims");
  const json::Value *found = user.find(claim);
  if (!found && claims) found = claims->find(claim);
  return found && found->text == value && found->kind != json::Kind::array && found->kind != json::Kind::object;
}

const json::Value *user_with(std::string_view claim, std::string_view value) {
  const auto &all = users();
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto &user) { return has(user, claim, value); });
  return found == all.end() ? nullptr : &*found;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  return text;
}

bool mentions(const json::Value &user, const std::string &text) {
  for (const char *key : {"id", "username", "mail", "display_name"}) {
    const json::Value *member = user.find(key);
    if (member && lower(member->text).find(text) != std::string::npos) return true;
  }
  return false;
}

std::string_view given(const char *text) { return text ? text : ""; }

// The answer as text that holds until the same thread asks again. Nothing is thrown into the host.
template <typename Question>
const char *answer(Question question) {
  static thread_local std::string text;
  try {
    text.clear();
    const json::Value value = question();
    json::write(text, value);
    return text.c_str();
  } catch (const std::exception &error) {
    if (host) host->fail(host, error.what());
    return nullptr;
  }
}

}  // namespace

int Init(const pd_host *offered) {
  host = offered;
  return 0;
}

const char *GetUser(const char *id) { return GetUserByClaim("id", id); }

const char *GetUserByClaim(const char *claim, const char *value) {
  return answer([&] {
    const json::Value *user = user_with(given(claim), given(value));
    return user ? *user : json::Value{};
  });
}

const char *GetUserGroups(const char *id) {
  return answer([&] {
    const json::Value *user = user_with("id", given(id));
    const json::Value *groups = user ? user->find("groups") : nullptr;
    return groups ? *groups : json::Value{json::Kind::array, {}, {}, {}};
  });
}

const char *FindUser(const char *text) {
  return answer([&] {
    json::Value found{json::Kind::array, {}, {}, {}};
    for (const json::Value &user : users())
      if (mentions(user, lower(std::string(given(text))))) found.items.push_back(user);
    return found;
  });
}
