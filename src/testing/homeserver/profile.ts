import * as v from "valibot";
import { type App, authenticate, CLIENT, type Server } from "./app.ts";
import { readBody } from "./body.ts";
import { MatrixError, notFound } from "./error.ts";
import { membershipOf } from "./room.ts";
import { addEvent, type User } from "./store.ts";

const DisplayName = v.object({ displayname: v.string() });

/** What a user calls themselves. A change goes into every room they are in. */
export function profileRoutes(app: App, server: Server): void {
  const { store } = server;

  for (const path of ["", "/displayname"]) {
    app.get(`${CLIENT}/profile/:user${path}`, (ask) => {
      return ask.json({ displayname: find(ask.req.param("user")).displayname });
    });
  }

  app.put(`${CLIENT}/profile/:user/displayname`, async (ask) => {
    const { user } = authenticate(ask, server);
    if (ask.req.param("user") !== user.id) {
      throw new MatrixError(400, "M_FORBIDDEN", "A display name is set by whom it belongs to");
    }
    const { displayname } = await readBody(ask.req, DisplayName);
    user.displayname = displayname;
    for (const room of user.rooms) {
      if (membershipOf(room, user.id) !== "join") continue;
      const content = { membership: "join", displayname };
      addEvent(store, room, { sender: user.id, type: "m.room.member", stateKey: user.id, content });
    }
    return ask.json({});
  });

  function find(userId: string | undefined): User {
    const user = store.users.get(userId ?? "");
    if (!user) throw notFound("No such user");
    return user;
  }
}
