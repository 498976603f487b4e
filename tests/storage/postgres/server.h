// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

namespace madang::testing {

// A PostgreSQL server of a test's own: an ordinary user's, on the loopback, in a folder of its own,
// with fsync on. It ends with this object, and with the process that made it, however that ends.
class PostgresServer {
 public:
  // Whether there is a server to start.
  static bool installed();

  // One with nothing in it but two roles with the password "secret": `admin`, and `app`, which may
  // make a schema and nothing else.
  static std::unique_ptr<PostgresServer> make(const std::string& name);
  // A streaming replica of `primary`.
  static std::unique_ptr<PostgresServer> make_replica(const std::string& name,
                                                      const PostgresServer& primary);
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  void start();
  // Every process at once, as when the machine dies.
  void kill();
  // Every process stands still, or goes on.
  void pause();
  void resume();

  // Takes all connections that an ordinary role can get, until the answer is destroyed.
  std::shared_ptr<void> occupy() const;

  int port() const { return port_; }
  std::string conninfo(const std::string& user = "app",
                       const std::string& password = "secret") const;
  // Runs statements as admin, and answers the first value of the last. Throws if they fail.
  std::string run(const std::string& sql) const;
  std::string log() const;

 private:
  PostgresServer(std::string folder, int port) : folder_(std::move(folder)), port_(port) {}

  void signal_all(int number) const;

  const std::string folder_;
  const int port_;
  pid_t pid_ = -1;
};

}  // namespace madang::testing
