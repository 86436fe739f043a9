# Pango and Cairo: text shaping, bidi, emoji, hit testing; vector icons. Floor 1.50: visual cursor moves.
# LGPL-2.1. May link: desktop.
sotto_pkg(pango pangocairo>=1.50 cairo>=1.16 fontconfig)
