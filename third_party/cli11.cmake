# CLI11: command lines of the three programs. Header only. Floor 2.1. BSD-3-Clause. May link: the mains.
sotto_pkg(cli11 CLI11>=2.1)
