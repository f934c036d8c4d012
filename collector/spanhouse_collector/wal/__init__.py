"""The write-ahead log: what makes an acknowledgement mean *on disk*."""
