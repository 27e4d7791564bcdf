/**
 * @generated SignedSource<<e4eb49113040e55ec295beca68a49b7e>>
 * @relayHash 47db9e21ffa9558b7216440a4cd4e7ec
 * @lightSyntaxTransform
 */

/* tslint:disable */
/* eslint-disable */
// @ts-nocheck

// @relayRequestID 00effc2ab4d25f3f5bcf41208612bfa91ce185552807613567bdf7bd946b270d

import type { ConcreteRequest } from 'relay-runtime';
import type { Result } from "relay-runtime";
export type operationsListQuery$variables = {
  agentId: string;
};
export type operationsListQuery$data = {
  readonly personasByAgent: ReadonlyArray<{
    readonly goal: Result<string | null | undefined, unknown>;
    readonly id: string;
    readonly name: string | null | undefined;
  }> | null | undefined;
};
export type operationsListQuery = {
  response: operationsListQuery$data;
  variables: operationsListQuery$variables;
};

const node: ConcreteRequest = (function(){
var v0 = [
  {
    "defaultValue": null,
    "kind": "LocalArgument",
    "name": "agentId"
  }
],
v1 = [
  {
    "kind": "Variable",
    "name": "agentId",
    "variableName": "agentId"
  }
],
v2 = {
  "alias": null,
  "args": null,
  "kind": "ScalarField",
  "name": "id",
  "storageKey": null
},
v3 = {
  "alias": null,
  "args": null,
  "kind": "ScalarField",
  "name": "name",
  "storageKey": null
},
v4 = {
  "alias": null,
  "args": null,
  "kind": "ScalarField",
  "name": "goal",
  "storageKey": null
};
return {
  "fragment": {
    "argumentDefinitions": (v0/*:: as any*/),
    "kind": "Fragment",
    "metadata": null,
    "name": "operationsListQuery",
    "selections": [
      {
        "alias": null,
        "args": (v1/*:: as any*/),
        "concreteType": "CustomerPersona",
        "kind": "LinkedField",
        "name": "personasByAgent",
        "plural": true,
        "selections": [
          (v2/*:: as any*/),
          (v3/*:: as any*/),
          {
            "kind": "CatchField",
            "field": (v4/*:: as any*/),
            "to": "RESULT"
          }
        ],
        "storageKey": null
      }
    ],
    "type": "Query",
    "abstractKey": null
  },
  "kind": "Request",
  "operation": {
    "argumentDefinitions": (v0/*:: as any*/),
    "kind": "Operation",
    "name": "operationsListQuery",
    "selections": [
      {
        "alias": null,
        "args": (v1/*:: as any*/),
        "concreteType": "CustomerPersona",
        "kind": "LinkedField",
        "name": "personasByAgent",
        "plural": true,
        "selections": [
          (v2/*:: as any*/),
          (v3/*:: as any*/),
          (v4/*:: as any*/)
        ],
        "storageKey": null
      }
    ]
  },
  "params": {
    "id": "00effc2ab4d25f3f5bcf41208612bfa91ce185552807613567bdf7bd946b270d",
    "metadata": {},
    "name": "operationsListQuery",
    "operationKind": "query",
    "text": null
  }
};
})();

(node as any).hash = "978392fff7b836b1fed5068c9e2b188e";

export default node;
