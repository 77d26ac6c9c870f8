import { describeKilledRotations } from "../support/killedRotations.ts";
import { rotatingCloudflare } from "../support/rotatingStack.ts";

describeKilledRotations(rotatingCloudflare, { withRelease: false });
