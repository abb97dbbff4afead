//! When a segment reached this host, as the kernel saw it.
//!
//! Linux can stamp every received packet when it enters the network stack (`SO_TIMESTAMPING` with
//! software receive stamps) and hands the stamp out with `recvmsg`. The stamp of a read is that of
//! the last segment in it. So a token's time does not depend on how busy this program's event loop
//! was; the difference to the instant at which the read returned is this program's own delay.
//!
//! The system calls go through `nix`, which wraps them safely; there is no `unsafe` here.

#[cfg(target_os = "linux")]
pub(crate) use linux::{Receiver, StampingOn, enable};
#[cfg(not(target_os = "linux"))]
pub(crate) use other::{Receiver, StampingOn, enable};

#[cfg(target_os = "linux")]
mod linux {
    use std::io::{self, IoSliceMut};
    use std::os::fd::AsRawFd;

    use aiperf_clock::{Nanos, SECOND, realtime_now};
    use nix::sys::socket::sockopt::Timestamping;
    use nix::sys::socket::{
        ControlMessageOwned, MsgFlags, TimestampingFlag, Timestamps, recvmsg, setsockopt,
    };
    use socket2::Socket;

    /// A stamp older than this is not a receive delay but a wall clock that was set in between.
    const PLAUSIBLE_DELAY: i64 = 60 * SECOND as i64;

    /// Asks the kernel to stamp what this socket receives. `false` where it will not.
    pub(crate) fn enable(socket: &Socket) -> bool {
        setsockopt(socket, Timestamping, &software()).is_ok()
    }

    /// Keeps stamping switched on for this host while it lives.
    ///
    /// The kernel patches its own code when the first socket asks and when the last one is closed,
    /// which can take milliseconds: too long to happen inside the first request.
    pub(crate) struct StampingOn {
        _socket: Option<Socket>,
    }

    impl StampingOn {
        pub(crate) fn hold() -> Self {
            let socket = Socket::new(socket2::Domain::IPV4, socket2::Type::DGRAM, None).ok();
            if let Some(socket) = &socket {
                // Where this fails, connections find that out for themselves.
                let _ = setsockopt(socket, Timestamping, &software());
            }
            Self { _socket: socket }
        }
    }

    fn software() -> TimestampingFlag {
        TimestampingFlag::SOF_TIMESTAMPING_RX_SOFTWARE | TimestampingFlag::SOF_TIMESTAMPING_SOFTWARE
    }

    /// Receives bytes together with the time that they have waited in the kernel.
    pub(crate) struct Receiver {
        control: Vec<u8>,
    }

    impl Receiver {
        pub(crate) fn new() -> Self {
            Self {
                control: nix::cmsg_space!(Timestamps),
            }
        }

        /// Bytes read, and how long the last of them waited, where the kernel says so.
        pub(crate) fn receive(
            &mut self,
            socket: &Socket,
            buffer: &mut [u8],
        ) -> io::Result<(usize, Option<Nanos>)> {
            let mut parts = [IoSliceMut::new(buffer)];
            let message = recvmsg::<()>(
                socket.as_raw_fd(),
                &mut parts,
                Some(&mut self.control),
                MsgFlags::MSG_DONTWAIT,
            )?;
            let stamp = message.cmsgs().ok().and_then(|mut messages| {
                messages.find_map(|message| match message {
                    ControlMessageOwned::ScmTimestampsns(stamps) => {
                        let stamp =
                            stamps.system.tv_sec() * SECOND as i64 + stamps.system.tv_nsec();
                        (stamp > 0).then_some(stamp)
                    }
                    _ => None,
                })
            });
            let delay = stamp
                .map(|stamp| realtime_now() - stamp)
                .filter(|delay| (0..PLAUSIBLE_DELAY).contains(delay))
                .map(|delay| delay as Nanos);
            Ok((message.bytes, delay))
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod other {
    use std::io::{self, Read};

    use aiperf_clock::Nanos;
    use socket2::Socket;

    pub(crate) fn enable(_socket: &Socket) -> bool {
        false
    }

    pub(crate) struct StampingOn;

    impl StampingOn {
        pub(crate) fn hold() -> Self {
            Self
        }
    }

    pub(crate) struct Receiver;

    impl Receiver {
        pub(crate) fn new() -> Self {
            Self
        }

        pub(crate) fn receive(
            &mut self,
            mut socket: &Socket,
            buffer: &mut [u8],
        ) -> io::Result<(usize, Option<Nanos>)> {
            socket.read(buffer).map(|bytes| (bytes, None))
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::io::Write;
    use std::net::{TcpListener, TcpStream};

    use aiperf_clock::{MILLISECOND, realtime_now};

    use super::*;

    /// Sends one byte at a time until a read carries a stamp: the kernel switches stamping on for
    /// the whole host when the first socket asks, and packets just before that have none.
    #[test]
    fn the_delay_of_a_late_read_is_the_time_that_the_bytes_waited() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let client = socket2::Socket::from(client);
        let (mut server, _) = listener.accept().unwrap();
        server.set_nodelay(true).unwrap();
        if !enable(&client) {
            return;
        }
        let mut receiver = Receiver::new();
        let mut buffer = [0u8; 16];
        let pause = 20 * MILLISECOND as i64;
        let observed = (0..50).find_map(|_| {
            let sent = realtime_now();
            server.write_all(b"x").unwrap();
            while realtime_now() < sent + pause {
                std::thread::yield_now();
            }
            let (bytes, delay) = receiver.receive(&client, &mut buffer).unwrap();
            assert_eq!(bytes, 1);
            delay.map(|delay| (delay as i64, realtime_now() - sent))
        });
        let (delay, elapsed) = observed.expect("no read carried a kernel stamp");
        assert!(delay <= elapsed, "{delay} ns waited, {elapsed} ns passed");
        assert!(delay > pause / 2, "{delay} ns waited of {elapsed} ns");
    }
}
