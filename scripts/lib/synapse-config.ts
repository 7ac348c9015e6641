import type { Coturn } from "../coturn.ts";

export interface SynapseSettings {
  readonly port: number;
  /** Where its data goes, as Synapse sees it. */
  readonly folder: string;
  readonly turn?: Pick<Coturn, "uris" | "sharedSecret">;
  /** Whether a user may send only as many messages as Synapse's defaults allow: 10, then one every 5 s (P30). */
  readonly limitMessages?: boolean;
}

const unlimited = { per_second: 10_000, burst_count: 10_000 };

/** A homeserver for tests: on the loopback only, open to all, alone in the world. JSON is YAML, too. */
export function synapseConfig({ port, folder, turn, limitMessages = false }: SynapseSettings): object {
  return {
    server_name: "synapse.test",
    listeners: [
      { type: "http", port, bind_addresses: ["127.0.0.1"], tls: false, resources: [{ names: ["client"] }] },
    ],
    database: { name: "sqlite3", args: { database: `${folder}/homeserver.db` } },
    signing_key_path: `${folder}/signing.key`,
    log_config: `${folder}/log.yaml`,
    no_redirect_stdio: true,
    macaroon_secret_key: "test",
    form_secret: "test",
    bcrypt_rounds: 4,
    enable_registration: true,
    enable_registration_without_verification: true,
    report_stats: false,
    trusted_key_servers: [],
    federation_domain_whitelist: [],
    enable_media_repo: false,
    presence: { enabled: false },
    max_event_delay_duration: "1h",
    // Counts only for logins that ask for a refresh token.
    refreshable_access_token_lifetime: "2s",
    rc_registration: unlimited,
    rc_login: { address: unlimited, account: unlimited, failed_attempts: unlimited },
    rc_joins: { local: unlimited, remote: unlimited },
    rc_joins_per_room: unlimited,
    rc_invites: { per_room: unlimited, per_user: unlimited, per_issuer: unlimited },
    rc_room_creation: unlimited,
    rc_delayed_event_mgmt: unlimited,
    ...(!limitMessages && { rc_message: unlimited }),
    ...(turn && { turn_uris: turn.uris, turn_shared_secret: turn.sharedSecret }),
  };
}

/** Warnings and worse, to stderr. */
export const synapseLogConfig = {
  version: 1,
  disable_existing_loggers: false,
  formatters: { plain: { format: "%(levelname)s %(name)s: %(message)s" } },
  handlers: { stderr: { class: "logging.StreamHandler", formatter: "plain" } },
  root: { level: "WARNING", handlers: ["stderr"] },
};
