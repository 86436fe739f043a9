# libnice: ICE (RFC 8445) with trickle and consent freshness. Floor 0.1.21. LGPL-2.1/MPL-1.1.
# May link: ice_nice.
sotto_pkg(nice nice>=0.1.21)
