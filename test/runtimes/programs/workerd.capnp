# Two services of one script: the way out of the suite, which is named for what it tests, leads to the relay.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "sockets", worker = (
      modules = [(name = "script", esModule = embed "workerd.mjs")],
      compatibilityDate = "2026-11-01",
      globalOutbound = "relay",
    )),
    (name = "relay", worker = (
      modules = [(name = "script", esModule = embed "workerd.mjs")],
      compatibilityDate = "2026-11-01",
      durableObjectNamespaces = [(className = "RelayObject", uniqueKey = "relay")],
      durableObjectStorage = (inMemory = void),
      bindings = [(name = "RELAY", durableObjectNamespace = "RelayObject")],
    )),
  ],
);
