import { testScenarios } from '../supergraph/scenarios/index.ts';
import { createHiveGateway } from './hive-gateway.ts';

testScenarios('Hive Gateway', createHiveGateway('javascript'));
