import { describeKilledRotations } from "../support/killedRotations.ts";
import { rotatingGoogle } from "../support/rotatingStack.ts";

describeKilledRotations(rotatingGoogle, { withRelease: true });
