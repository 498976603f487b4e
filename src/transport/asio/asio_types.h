// SPDX-License-Identifier: Apache-2.0
#pragma once

// The one header of madang that includes Asio. The executor is named, so that no operation pays for
// a type-erased one.

#include <asio/basic_signal_set.hpp>
#include <asio/basic_socket_acceptor.hpp>
#include <asio/basic_stream_socket.hpp>
#include <asio/basic_waitable_timer.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/post.hpp>
#include <chrono>

namespace madang {

using AsioExecutor = asio::io_context::executor_type;
using AsioSocket = asio::basic_stream_socket<asio::ip::tcp, AsioExecutor>;
using AsioAcceptor = asio::basic_socket_acceptor<asio::ip::tcp, AsioExecutor>;
using AsioSignals = asio::basic_signal_set<AsioExecutor>;
using AsioTimer =
    asio::basic_waitable_timer<std::chrono::steady_clock,
                               asio::wait_traits<std::chrono::steady_clock>, AsioExecutor>;

}  // namespace madang
