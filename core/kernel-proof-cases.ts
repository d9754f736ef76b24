/**
 * Reference inputs of the loss kernel in every region of the (alpha, beta) plane, with the values that a correct kernel
 * computes for them: float64, from 77-digit arithmetic on the textbook definition (test/support/vectors/exact.ts).
 */
export interface KernelProofCase {
  readonly teacherLogits: readonly number[];
  readonly studentLogits: readonly number[];
  readonly alpha: number;
  readonly beta: number;
  readonly temperature: number;
  readonly divergence: number;
  /** Of the divergence with respect to the student's logits. */
  readonly gradient: readonly number[];
}

export const kernelProofCases: readonly KernelProofCase[] = [
  {
    teacherLogits: [2, 1, 0.1, -1],
    studentLogits: [0.5, 0.2, 0, -0.3],
    alpha: 1,
    beta: 0,
    temperature: 1,
    divergence: 0.21131020032054648,
    gradient: [-0.28049924631944223, 0.030160733682754657, 0.12144070886954161, 0.12889780376714596],
  },
  {
    teacherLogits: [4, -1, 0.5, 0],
    studentLogits: [-0.5, 1.5, 0.25, 0.75],
    alpha: 0,
    beta: 1,
    temperature: 1,
    divergence: 3.0624985079874385,
    gradient: [-0.4034980670207033, 0.7140087070468261, -0.21137935456341203, -0.09913128546271074],
  },
  {
    teacherLogits: [2, 1, 0.1, -1],
    studentLogits: [0.5, 0.2, 0, -0.3],
    alpha: 0.5,
    beta: 0.5,
    temperature: 4,
    divergence: 0.020126644585911596,
    gradient: [-0.01776147617194733, -0.0044421377806458905, 0.00626425696403597, 0.01593935698855725],
  },
  {
    teacherLogits: [4, -1, 0.5, 0],
    studentLogits: [-0.5, 1.5, 0.25, 0.75],
    alpha: 1,
    beta: 1,
    temperature: 2,
    divergence: 0.23727745837095213,
    gradient: [-0.048469325270238395, 0.042701349573554044, -0.0024881251412024485, 0.0082561008378868],
  },
  {
    teacherLogits: [2, 1, 0.1, -1],
    studentLogits: [0.5, 0.2, 0, -0.3],
    alpha: 0.6,
    beta: 0.5,
    temperature: 4,
    divergence: 0.01744408909006722,
    gradient: [-0.015579068454154372, -0.0036907555168922395, 0.005586625177411308, 0.013683198793635304],
  },
  {
    teacherLogits: [4, -1, 0.5, 0],
    studentLogits: [-0.5, 1.5, 0.25, 0.75],
    alpha: 0.2,
    beta: 0.7,
    temperature: 1,
    divergence: 2.972229209770476,
    gradient: [-0.4710530540874065, 0.4961552514492267, -0.07189868434536272, 0.04679648698354252],
  },
  {
    teacherLogits: [2, 1, 0.1, -1],
    studentLogits: [0.5, 0.2, 0, -0.3],
    alpha: 0.5,
    beta: 0,
    temperature: 2,
    divergence: 0.158273150500328,
    gradient: [-0.14163995902172594, -0.030046528560095674, 0.0520890957363294, 0.1195973918454922],
  },
  {
    teacherLogits: [4, -1, 0.5, 0],
    studentLogits: [-0.5, 1.5, 0.25, 0.75],
    alpha: 0,
    beta: 0.7,
    temperature: 1,
    divergence: 4.8959713876219215,
    gradient: [-0.683930376394244, 0.7814287550448584, -0.14113970085696595, 0.04364132220635151],
  },
  {
    teacherLogits: [2, 1, 0.1, -1],
    studentLogits: [0.5, 0.2, 0, -0.3],
    alpha: 0.6,
    beta: -0.6,
    temperature: 1,
    divergence: 1.4578951322006877,
    gradient: [-1.088938771084366, -0.17710758528451365, 0.4077326645543436, 0.8583136918145362],
  },
  {
    teacherLogits: [2, 1, 0.1, -1],
    studentLogits: [0.5, 0.2, 0, -0.3],
    alpha: -0.6,
    beta: 0.6,
    temperature: 2,
    divergence: 0.405455929694757,
    gradient: [-0.2974326885635237, -0.12773714300931635, 0.07089011770172617, 0.35427971387111384],
  },
  {
    teacherLogits: [0.5, -0.25, 1],
    studentLogits: [0.75, 0, 0.5],
    alpha: 0,
    beta: 0,
    temperature: 1,
    divergence: 0.19633186198302274,
    gradient: [0.2244754844008859, 0.2784298141166743, -0.5029052985175602],
  },
  {
    teacherLogits: [2, 1, 0.1, -1],
    studentLogits: [0.5, 0.2, 0, -0.3],
    alpha: 2,
    beta: -1,
    temperature: 1,
    divergence: 0.1974446306589444,
    gradient: [-0.3199206061210202, 0.08074522494931388, 0.13026086191055392, 0.1089145192611524],
  },
  {
    teacherLogits: [2, 1, 0.1, -1],
    studentLogits: [0.5, 0.2, 0, -0.3],
    alpha: -1,
    beta: 2,
    temperature: 1,
    divergence: 0.40236344324390444,
    gradient: [-0.4449333202080717, -0.17912979941339544, 0.10144859841795131, 0.5226145212035158],
  },
  {
    teacherLogits: [0.5, -0.25, 1],
    studentLogits: [0.75, 0, 0.5],
    alpha: -0.3,
    beta: -0.4,
    temperature: 1,
    divergence: 0.4467431939126,
    gradient: [0.2529861889582261, 0.8574350360319194, -1.1104212249901455],
  },
  {
    teacherLogits: [4, -1, 0.5, 0],
    studentLogits: [-0.5, 1.5, 0.25, 0.75],
    alpha: 1,
    beta: 0.001,
    temperature: 4,
    divergence: 0.23534497730144172,
    gradient: [-0.07270946814092737, 0.04429287125715907, 0.007416649494330021, 0.02099994738943828],
  },
  {
    teacherLogits: [2, 1, 0.1, -1],
    studentLogits: [0.5, 0.2, 0, -0.3],
    alpha: -0.25,
    beta: 0.250001,
    temperature: 1,
    divergence: 2.039060161424307,
    gradient: [-1.4306648438695746, -0.5377260295341678, 0.37044804071996723, 1.5979428326837752],
  },
];
