/**
 * @generated SignedSource<<617e373d0dbd5a1f9fa136848a376ec5>>
 * @relayHash 0d4f01641efa36729edea9b67fb4c2be
 * @lightSyntaxTransform
 */

/* tslint:disable */
/* eslint-disable */
// @ts-nocheck

// @relayRequestID 401c483b424d3d5280f9a60c2de25a86d34046bfc6bdbe09c9ac17fd5240af81

import type { ConcreteRequest } from 'relay-runtime';
export type CreateCustomerPersonaInput = {
  agentId?: string | null | undefined;
  description: string;
  goal: string;
  name: string;
};
export type operationsCreateMutation$variables = {
  input: CreateCustomerPersonaInput;
};
export type operationsCreateMutation$data = {
  readonly createCustomerPersona: {
    readonly customerPersona: {
      readonly goal: string | null | undefined;
      readonly id: string;
      readonly name: string | null | undefined;
    } | null | undefined;
  } | null | undefined;
};
export type operationsCreateMutation = {
  response: operationsCreateMutation$data;
  variables: operationsCreateMutation$variables;
};

const node: ConcreteRequest = (function(){
var v0 = [
  {
    "defaultValue": null,
    "kind": "LocalArgument",
    "name": "input"
  }
],
v1 = [
  {
    "alias": null,
    "args": [
      {
        "kind": "Variable",
        "name": "input",
        "variableName": "input"
      }
    ],
    "concreteType": "CreateCustomerPersonaPayload",
    "kind": "LinkedField",
    "name": "createCustomerPersona",
    "plural": false,
    "selections": [
      {
        "alias": null,
        "args": null,
        "concreteType": "CustomerPersona",
        "kind": "LinkedField",
        "name": "customerPersona",
        "plural": false,
        "selections": [
          {
            "alias": null,
            "args": null,
            "kind": "ScalarField",
            "name": "id",
            "storageKey": null
          },
          {
            "alias": null,
            "args": null,
            "kind": "ScalarField",
            "name": "name",
            "storageKey": null
          },
          {
            "alias": null,
            "args": null,
            "kind": "ScalarField",
            "name": "goal",
            "storageKey": null
          }
        ],
        "storageKey": null
      }
    ],
    "storageKey": null
  }
];
return {
  "fragment": {
    "argumentDefinitions": (v0/*:: as any*/),
    "kind": "Fragment",
    "metadata": null,
    "name": "operationsCreateMutation",
    "selections": (v1/*:: as any*/),
    "type": "Mutation",
    "abstractKey": null
  },
  "kind": "Request",
  "operation": {
    "argumentDefinitions": (v0/*:: as any*/),
    "kind": "Operation",
    "name": "operationsCreateMutation",
    "selections": (v1/*:: as any*/)
  },
  "params": {
    "id": "401c483b424d3d5280f9a60c2de25a86d34046bfc6bdbe09c9ac17fd5240af81",
    "metadata": {},
    "name": "operationsCreateMutation",
    "operationKind": "mutation",
    "text": null
  }
};
})();

(node as any).hash = "b2a03e7932ad4c254aad7913b0148df5";

export default node;
