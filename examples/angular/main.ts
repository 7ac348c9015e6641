// Templates are compiled in the browser here, which needs no more than Vite; `ng build` compiles them ahead of time.
import "@angular/compiler";
import { AsyncPipe } from "@angular/common";
import { Component, provideZonelessChangeDetection } from "@angular/core";
import { bootstrapApplication } from "@angular/platform-browser";
import { type Call, createPhone } from "trunkline";
import { browserMedia } from "trunkline/media";
import { spawnSignaling } from "trunkline/worker/spawn";

const { homeserver, accessToken, roomId } = Object.fromEntries(new URLSearchParams(location.search));

@Component({
  selector: "example-phone",
  imports: [AsyncPipe],
  template: `
    <main>
      @let status = phone.status$ | async;
      @let call = (phone.calls$ | async)?.[0];
      <h1>{{ status?.identity?.userId ?? "Trunkline with Angular" }}</h1>
      @if (call) {
        @let state = call.state$ | async;
        @let peer = call.peer$ | async;
        <p role="status">{{ peer ? peer.userId + ", " + state : state }}</p>
        <div class="videos">
          <video [srcObject]="(call.remoteStreams$ | async)?.[0]?.stream ?? null" autoplay playsinline></video>
          <video [srcObject]="(call.localStreams$ | async)?.[0]?.stream ?? null" autoplay playsinline [muted]="true"></video>
        </div>
        <div class="buttons">
          @if (call.direction === "incoming" && state === "ringing") {
            <button type="button" (click)="answer(call)">Answer</button>
            <button type="button" class="end" (click)="call.reject()">Decline</button>
          } @else {
            <button type="button" class="end" (click)="call.hangup()">Hang up</button>
          }
        </div>
      } @else {
        <p role="status">{{ status?.error?.message ?? status?.state }}</p>
        @if (roomId && status?.state === "online") {
          <button type="button" (click)="place()">Call</button>
        }
      }
    </main>
  `,
})
class ExamplePhone {
  readonly roomId = roomId;
  readonly phone = createPhone({
    signaling: spawnSignaling({ homeserver, accessToken }),
    media: browserMedia(),
  });

  place(): void {
    this.phone.place({ roomId, audio: true, video: true });
  }

  answer(call: Call<MediaStream>): void {
    call.answer({ audio: true, video: true });
  }
}

bootstrapApplication(ExamplePhone, { providers: [provideZonelessChangeDetection()] });
