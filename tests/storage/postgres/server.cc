// SPDX-License-Identifier: Apache-2.0
#include "storage/postgres/server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "storage/calls.h"

namespace madang::testing {
namespace {

namespace fs = std::filesystem;

// Where the newest server's programs are; Debian keeps them out of the path.
std::string programs() {
  std::string found;
  int newest = 0;
  std::error_code ignored;
  for (const auto& version : fs::directory_iterator("/usr/lib/postgresql", ignored)) {
    const int number = std::atoi(version.path().filename().c_str());
    if (number <= newest || !fs::exists(version.path() / "bin" / "initdb")) continue;
    newest = number;
    found = version.path() / "bin";
  }
  return found;
}

// Who the server runs as: it refuses to run as root.
struct Owner {
  uid_t user = getuid();
  gid_t group = getgid();
};

Owner owner() {
  Owner owner;
  if (owner.user != 0) return owner;
  for (const char* name : {"postgres", "nobody"}) {
    passwd entry = {};
    passwd* found = nullptr;
    char buffer[4096];
    if (getpwnam_r(name, &entry, buffer, sizeof buffer, &found) == 0 && found != nullptr)
      return {entry.pw_uid, entry.pw_gid};
  }
  return owner;
}

pid_t spawn(const std::vector<std::string>& command, const std::string& log) {
  std::vector<char*> arguments;
  for (const std::string& word : command)
    arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const Owner as = owner();
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid != 0) return pid;
  // Only what is safe after a fork with threads.
  if (getuid() == 0 &&
      (setgroups(0, nullptr) != 0 || setgid(as.group) != 0 || setuid(as.user) != 0))
    _exit(126);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(126);
  const int output = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  const int nothing = ::open("/dev/null", O_RDONLY);
  dup2(nothing, 0);
  dup2(output, 1);
  dup2(output, 2);
  if (chdir("/") != 0) _exit(126);
  execv(arguments[0], arguments.data());
  _exit(127);
}

std::string read_file(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// Whether a process has ended; that nobody has waited for it does not matter.
bool is_gone(pid_t pid) {
  const std::string stat = read_file("/proc/" + std::to_string(pid) + "/stat");
  const auto name_end = stat.rfind(')');
  return name_end == std::string::npos || stat.compare(name_end, 3, ") Z") == 0;
}

void call(const std::vector<std::string>& command, const std::string& log) {
  int status = 0;
  const pid_t pid = spawn(command, log);
  if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
    throw std::runtime_error(command[0] + " failed:\n" + read_file(log));
}

int free_port() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  bind(fd, reinterpret_cast<sockaddr*>(&address), size);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(fd);
  return ntohs(address.sin_port);
}

// An empty folder that the server's user can use. A build tree that only root can enter will not
// do, and then it is one for temporary files.
std::string make_folder(const std::string& name) {
  const Owner as = owner();
  fs::path parent = MADANG_TEST_FOLDER;
  for (fs::path up = parent; getuid() == 0 && up.has_relative_path(); up = up.parent_path()) {
    const bool enterable =
        (fs::status(up).permissions() & fs::perms::others_exec) == fs::perms::others_exec;
    if (fs::exists(up) && !enterable) parent = "/var/tmp/madang_postgres_test";
  }
  const fs::path folder = parent / (name + "." + std::to_string(getpid()));
  fs::remove_all(folder);
  fs::create_directories(folder);
  if (chown(folder.c_str(), as.user, as.group) != 0)
    throw std::runtime_error("cannot give away " + folder.string());
  return folder;
}

}  // namespace

bool PostgresServer::installed() { return !programs().empty(); }

std::unique_ptr<PostgresServer> PostgresServer::make(const std::string& name) {
  const std::string folder = make_folder(name);
  const std::string password = folder + "/password";
  std::ofstream(password) << "secret\n";
  const std::string log = folder + "/log";
  call({programs() + "/initdb", "-D", folder + "/data", "-U", "admin", "--pwfile", password, "-A",
        "scram-sha-256", "-E", "UTF8", "--locale", "C", "-N"},
       log);
  std::ofstream(folder + "/data/postgresql.conf", std::ios::app)
      << "fsync = on\nmax_connections = 20\nmax_wal_senders = 4\nwal_level = replica\n"
         "shared_buffers = 64MB\nmax_wal_size = 512MB\nlisten_addresses = '127.0.0.1'\n"
         "unix_socket_directories = ''\nlog_connections = on\n";
  std::unique_ptr<PostgresServer> server(new PostgresServer(folder, free_port()));
  server->start();
  server->run("CREATE ROLE app LOGIN PASSWORD 'secret'; GRANT CREATE ON DATABASE postgres TO app");
  return server;
}

std::unique_ptr<PostgresServer> PostgresServer::make_replica(const std::string& name,
                                                             const PostgresServer& primary) {
  const std::string folder = make_folder(name);
  call({programs() + "/pg_basebackup", "-D", folder + "/data", "-d", primary.conninfo("admin"),
        "-R", "-X", "stream", "-c", "fast", "--no-sync"},
       folder + "/log");
  std::unique_ptr<PostgresServer> server(new PostgresServer(folder, free_port()));
  server->start();
  return server;
}

PostgresServer::~PostgresServer() {
  kill();
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

void PostgresServer::start() {
  pid_ = spawn({programs() + "/postgres", "-D", folder_ + "/data", "-p", std::to_string(port_)},
               folder_ + "/log");
  const std::string where = conninfo("admin");
  if (!eventually([&] { return PQping(where.c_str()) == PQPING_OK; }))
    throw std::runtime_error("the server does not start:\n" + log());
}

void PostgresServer::signal_all(int number) const {
  // Each has a session of its own, so there is no group to signal.
  std::istringstream children(
      read_file("/proc/" + std::to_string(pid_) + "/task/" + std::to_string(pid_) + "/children"));
  std::vector<pid_t> all = {pid_};
  for (pid_t child = 0; children >> child;)
    all.push_back(child);
  for (const pid_t pid : all)
    ::kill(pid, number);
  if (number != SIGKILL) return;
  for (std::size_t i = 1; i < all.size(); ++i) {
    const pid_t pid = all[i];
    eventually([pid] { return is_gone(pid); }, std::chrono::seconds(10));
  }
}

void PostgresServer::kill() {
  if (pid_ < 0) return;
  pause();  // so that no child is born meanwhile
  signal_all(SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

void PostgresServer::pause() { signal_all(SIGSTOP); }
void PostgresServer::resume() { signal_all(SIGCONT); }

std::string PostgresServer::conninfo(const std::string& user, const std::string& password) const {
  return "host=127.0.0.1 dbname=postgres port=" + std::to_string(port_) + " user=" + user +
         " password=" + password;
}

std::string PostgresServer::run(const std::string& sql) const {
  PGconn* connection = PQconnectdb(conninfo("admin").c_str());
  PQsetNoticeProcessor(
      connection, [](void*, const char*) {}, nullptr);
  PGresult* result = PQexec(connection, sql.c_str());
  const auto status = PQresultStatus(result);
  const bool good = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
  const std::string value = good && PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "";
  const std::string error = PQerrorMessage(connection);
  PQclear(result);
  PQfinish(connection);
  if (!good) throw std::runtime_error(sql + ": " + error);
  return value;
}

std::shared_ptr<void> PostgresServer::occupy() const {
  using Taken = std::unique_ptr<PGconn, decltype(&PQfinish)>;
  auto all = std::make_shared<std::vector<Taken>>();
  for (;;) {
    Taken taken(PQconnectdb(conninfo().c_str()), &PQfinish);
    if (PQstatus(taken.get()) != CONNECTION_OK) return all;
    all->push_back(std::move(taken));
  }
}

std::string PostgresServer::log() const { return read_file(folder_ + "/log"); }

}  // namespace madang::testing
