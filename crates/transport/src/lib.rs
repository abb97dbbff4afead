//! Sockets, TLS and HTTP/1.1 with the instant of every read and write.
