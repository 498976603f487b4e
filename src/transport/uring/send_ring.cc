// SPDX-License-Identifier: Apache-2.0
#include "send_ring.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace madang {

namespace {

constexpr int kSendFlags = MSG_DONTWAIT | MSG_NOSIGNAL;

// Set where a send has no result yet; no length and no errno.
constexpr ssize_t kUnsent = -(1 << 20);

// In their order of preference: kernels before 6.1, 5.19 and 5.18 lack the first ones.
constexpr unsigned kFlags[] = {
    IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SUBMIT_ALL,
    IORING_SETUP_COOP_TASKRUN | IORING_SETUP_SUBMIT_ALL,
    IORING_SETUP_SUBMIT_ALL,
    0,
};

bool can_send(io_uring& ring) {
  io_uring_probe* const probe = io_uring_get_probe_ring(&ring);
  if (probe == nullptr) return false;
  const bool can = io_uring_opcode_supported(probe, IORING_OP_SEND) != 0 &&
                   io_uring_opcode_supported(probe, IORING_OP_SENDMSG) != 0;
  io_uring_free_probe(probe);
  return can;
}

}  // namespace

absl::StatusOr<std::unique_ptr<SendRing>> SendRing::create() {
  std::unique_ptr<SendRing> made(new SendRing);
  int result = -EINVAL;
  for (const unsigned flags : kFlags) {
    result = io_uring_queue_init(kEntries, &made->ring_, flags);
    if (result != -EINVAL) break;
  }
  if (result < 0) {
    made->ring_.ring_fd = -1;
    return absl::UnavailableError(
        fmt::format("io_uring_setup: {}", std::generic_category().message(-result)));
  }
  if (!can_send(made->ring_)) return absl::UnavailableError("this io_uring does not send");
  return made;
}

SendRing::~SendRing() {
  if (ring_.ring_fd >= 0) io_uring_queue_exit(&ring_);
}

void SendRing::send(std::span<Send> sends) {
  for (Send& send : sends)
    send.result = kUnsent;
  while (!sends.empty() && !broken_) {
    const std::size_t count = std::min<std::size_t>(sends.size(), kEntries);
    send_chunk(sends.first(count));
    sends = sends.subspan(count);
  }
  for (Send& send : sends)
    send.result = -EAGAIN;
}

// Every send has its result when this returns.
void SendRing::send_chunk(std::span<Send> sends) {
  for (std::size_t i = 0; i < sends.size(); ++i) {
    // There is an entry for each, as the queue is empty between two chunks.
    io_uring_sqe* const entry = io_uring_get_sqe(&ring_);
    Send& send = sends[i];
    if (send.parts.size() == 1) {
      const iovec& part = send.parts.front();
      io_uring_prep_send(entry, send.fd, part.iov_base, part.iov_len, kSendFlags);
    } else {
      messages_[i] = {};
      messages_[i].msg_iov = send.parts.data();
      messages_[i].msg_iovlen = send.parts.size();
      io_uring_prep_sendmsg(entry, send.fd, &messages_[i], kSendFlags);
    }
    io_uring_sqe_set_data64(entry, i);
  }
  const auto count = static_cast<unsigned>(sends.size());
  const unsigned submitted = submit(count);
  unsigned done = reap(sends);
  // A send that does not wait is done by now; but that is for the kernel to know.
  while (done < submitted) {
    const int result = io_uring_submit_and_wait(&ring_, submitted - done);
    if (result < 0 && result != -EINTR && result != -EAGAIN && result != -EBUSY) break;
    done += reap(sends);
  }
  if (done == count) return;
  // What was never submitted was not sent. What was, and has no result, may have been: its
  // connection is lost. Neither reaches the kernel any more.
  broken_ = true;
  io_uring_queue_exit(&ring_);
  ring_.ring_fd = -1;
  for (std::size_t i = 0; i < sends.size(); ++i) {
    if (sends[i].result == kUnsent) sends[i].result = i < submitted ? -EIO : -EAGAIN;
  }
}

// How many of the entries the kernel has taken, from the first on.
unsigned SendRing::submit(unsigned count) {
  constexpr int kAttemptsMax = 100;
  unsigned submitted = 0;
  for (int attempt = 0; submitted < count && attempt < kAttemptsMax; ++attempt) {
    const int result = io_uring_submit(&ring_);
    if (result > 0) submitted += static_cast<unsigned>(result);
    if (result < 0 && result != -EINTR && result != -EAGAIN && result != -EBUSY) break;
  }
  return std::min(submitted, count);
}

unsigned SendRing::reap(std::span<Send> sends) {
  unsigned count = 0;
  unsigned head = 0;
  io_uring_cqe* completion = nullptr;
  io_uring_for_each_cqe(&ring_, head, completion) {
    sends[io_uring_cqe_get_data64(completion)].result = completion->res;
    ++count;
  }
  io_uring_cq_advance(&ring_, count);
  return count;
}

}  // namespace madang
