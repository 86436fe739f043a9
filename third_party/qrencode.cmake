# libqrencode: the invite link as a QR code in the terminal. Floor 4.1. LGPL-2.1.
# May link: sottod, desktop.
sotto_pkg(qrencode libqrencode>=4.1)
