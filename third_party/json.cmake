# nlohmann/json: JSON-RPC, benchmark output, test vectors. Header only. Floor 3.11. MIT.
# May link: cli, tests.
sotto_pkg(json nlohmann_json>=3.11)
