// SPDX-License-Identifier: Apache-2.0
#pragma once

// The one header of madang that includes Asio. The executor is named, so that no operation pays for
// a type-erased one.

#include <asio/basic_signal_set.hpp>
#include <asio/basic_waitable_timer.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/posix/basic_stream_descriptor.hpp>
#include <asio/post.hpp>
#include <chrono>

namespace madang {

using AsioExecutor = asio::io_context::executor_type;
using AsioDescriptor = asio::posix::basic_stream_descriptor<AsioExecutor>;
using AsioSignals = asio::basic_signal_set<AsioExecutor>;
using AsioTimer =
    asio::basic_waitable_timer<std::chrono::steady_clock,
                               asio::wait_traits<std::chrono::steady_clock>, AsioExecutor>;

}  // namespace madang
