# make the container network
#   once: it fails where it was done already
#   undo: docker network rm --force mesh-chaos-nightly
docker network create --driver bridge mesh-chaos-nightly
# choose the load balancer addresses of global
ADDRESSES_0=$(docker network inspect mesh-chaos-nightly | mesh-chaos kind addresses 4 0)
# choose the load balancer addresses of zone1
ADDRESSES_1=$(docker network inspect mesh-chaos-nightly | mesh-chaos kind addresses 4 1)
# choose the load balancer addresses of zone2
ADDRESSES_2=$(docker network inspect mesh-chaos-nightly | mesh-chaos kind addresses 4 2)
# choose the load balancer addresses of zone3
ADDRESSES_3=$(docker network inspect mesh-chaos-nightly | mesh-chaos kind addresses 4 3)
# make the cluster mesh-chaos-nightly-global (context kind-mesh-chaos-nightly-global)
#   once: it fails where it was done already
#   undo: kind delete cluster --name mesh-chaos-nightly-global --kubeconfig /state/mesh-chaos/kind/nightly/global.kubeconfig
KIND_EXPERIMENTAL_DOCKER_NETWORK=mesh-chaos-nightly kind create cluster --name mesh-chaos-nightly-global --image kindest/node:v1.34.0 --kubeconfig /state/mesh-chaos/kind/nightly/global.kubeconfig --wait 180s
# write one kubeconfig for all
KUBECONFIG=/state/mesh-chaos/kind/nightly/global.kubeconfig:/state/mesh-chaos/kind/nightly/zone1.kubeconfig:/state/mesh-chaos/kind/nightly/zone2.kubeconfig:/state/mesh-chaos/kind/nightly/zone3.kubeconfig kubectl config view --flatten > /state/mesh-chaos/kind/nightly/kubeconfig
# check that metallb is not there in another version (context kind-mesh-chaos-nightly-global)
helm list --kubeconfig /state/mesh-chaos/kind/nightly/global.kubeconfig --kube-context kind-mesh-chaos-nightly-global --namespace metallb-system --deployed --failed --pending --filter '^metallb$' --output json
# install metallb 0.16.1 (context kind-mesh-chaos-nightly-global)
helm upgrade --kubeconfig /state/mesh-chaos/kind/nightly/global.kubeconfig --kube-context kind-mesh-chaos-nightly-global --namespace metallb-system --install metallb metallb --repo https://metallb.github.io/metallb --version 0.16.1 --create-namespace --timeout 300s \
  --set frrk8s.enabled=false \
  --set speaker.frr.enabled=false
# wait until metallb-controller is ready (context kind-mesh-chaos-nightly-global)
kubectl --kubeconfig /state/mesh-chaos/kind/nightly/global.kubeconfig --context kind-mesh-chaos-nightly-global --namespace metallb-system rollout status deployment/metallb-controller --timeout=300s
# wait until metallb-speaker is ready (context kind-mesh-chaos-nightly-global)
kubectl --kubeconfig /state/mesh-chaos/kind/nightly/global.kubeconfig --context kind-mesh-chaos-nightly-global --namespace metallb-system rollout status daemonset/metallb-speaker --timeout=300s
# give MetalLB its addresses (context kind-mesh-chaos-nightly-global)
kubectl --kubeconfig /state/mesh-chaos/kind/nightly/global.kubeconfig --context kind-mesh-chaos-nightly-global apply --server-side --field-manager=mesh-chaos -f- <<END
apiVersion: metallb.io/v1beta1
metadata:
  name: mesh-chaos
  namespace: metallb-system
kind: IPAddressPool
spec:
  addresses:
  - ${ADDRESSES_0}
---
apiVersion: metallb.io/v1beta1
metadata:
  name: mesh-chaos
  namespace: metallb-system
kind: L2Advertisement
spec:
  ipAddressPools:
  - mesh-chaos
END
# make the cluster mesh-chaos-nightly-zone1 (context kind-mesh-chaos-nightly-zone1)
#   once: it fails where it was done already
#   undo: kind delete cluster --name mesh-chaos-nightly-zone1 --kubeconfig /state/mesh-chaos/kind/nightly/zone1.kubeconfig
KIND_EXPERIMENTAL_DOCKER_NETWORK=mesh-chaos-nightly kind create cluster --name mesh-chaos-nightly-zone1 --image kindest/node:v1.34.0 --kubeconfig /state/mesh-chaos/kind/nightly/zone1.kubeconfig --wait 180s
# write one kubeconfig for all
KUBECONFIG=/state/mesh-chaos/kind/nightly/global.kubeconfig:/state/mesh-chaos/kind/nightly/zone1.kubeconfig:/state/mesh-chaos/kind/nightly/zone2.kubeconfig:/state/mesh-chaos/kind/nightly/zone3.kubeconfig kubectl config view --flatten > /state/mesh-chaos/kind/nightly/kubeconfig
# check that metallb is not there in another version (context kind-mesh-chaos-nightly-zone1)
helm list --kubeconfig /state/mesh-chaos/kind/nightly/zone1.kubeconfig --kube-context kind-mesh-chaos-nightly-zone1 --namespace metallb-system --deployed --failed --pending --filter '^metallb$' --output json
# install metallb 0.16.1 (context kind-mesh-chaos-nightly-zone1)
helm upgrade --kubeconfig /state/mesh-chaos/kind/nightly/zone1.kubeconfig --kube-context kind-mesh-chaos-nightly-zone1 --namespace metallb-system --install metallb metallb --repo https://metallb.github.io/metallb --version 0.16.1 --create-namespace --timeout 300s \
  --set frrk8s.enabled=false \
  --set speaker.frr.enabled=false
# wait until metallb-controller is ready (context kind-mesh-chaos-nightly-zone1)
kubectl --kubeconfig /state/mesh-chaos/kind/nightly/zone1.kubeconfig --context kind-mesh-chaos-nightly-zone1 --namespace metallb-system rollout status deployment/metallb-controller --timeout=300s
# wait until metallb-speaker is ready (context kind-mesh-chaos-nightly-zone1)
kubectl --kubeconfig /state/mesh-chaos/kind/nightly/zone1.kubeconfig --context kind-mesh-chaos-nightly-zone1 --namespace metallb-system rollout status daemonset/metallb-speaker --timeout=300s
# give MetalLB its addresses (context kind-mesh-chaos-nightly-zone1)
kubectl --kubeconfig /state/mesh-chaos/kind/nightly/zone1.kubeconfig --context kind-mesh-chaos-nightly-zone1 apply --server-side --field-manager=mesh-chaos -f- <<END
apiVersion: metallb.io/v1beta1
metadata:
  name: mesh-chaos
  namespace: metallb-system
kind: IPAddressPool
spec:
  addresses:
  - ${ADDRESSES_1}
---
apiVersion: metallb.io/v1beta1
metadata:
  name: mesh-chaos
  namespace: metallb-system
kind: L2Advertisement
spec:
  ipAddressPools:
  - mesh-chaos
END
# make the cluster mesh-chaos-nightly-zone2 (context kind-mesh-chaos-nightly-zone2)
#   once: it fails where it was done already
#   undo: kind delete cluster --name mesh-chaos-nightly-zone2 --kubeconfig /state/mesh-chaos/kind/nightly/zone2.kubeconfig
KIND_EXPERIMENTAL_DOCKER_NETWORK=mesh-chaos-nightly kind create cluster --name mesh-chaos-nightly-zone2 --image kindest/node:v1.34.0 --kubeconfig /state/mesh-chaos/kind/nightly/zone2.kubeconfig --wait 180s
# write one kubeconfig for all
KUBECONFIG=/state/mesh-chaos/kind/nightly/global.kubeconfig:/state/mesh-chaos/kind/nightly/zone1.kubeconfig:/state/mesh-chaos/kind/nightly/zone2.kubeconfig:/state/mesh-chaos/kind/nightly/zone3.kubeconfig kubectl config view --flatten > /state/mesh-chaos/kind/nightly/kubeconfig
# check that metallb is not there in another version (context kind-mesh-chaos-nightly-zone2)
helm list --kubeconfig /state/mesh-chaos/kind/nightly/zone2.kubeconfig --kube-context kind-mesh-chaos-nightly-zone2 --namespace metallb-system --deployed --failed --pending --filter '^metallb$' --output json
# install metallb 0.16.1 (context kind-mesh-chaos-nightly-zone2)
helm upgrade --kubeconfig /state/mesh-chaos/kind/nightly/zone2.kubeconfig --kube-context kind-mesh-chaos-nightly-zone2 --namespace metallb-system --install metallb metallb --repo https://metallb.github.io/metallb --version 0.16.1 --create-namespace --timeout 300s \
  --set frrk8s.enabled=false \
  --set speaker.frr.enabled=false
# wait until metallb-controller is ready (context kind-mesh-chaos-nightly-zone2)
kubectl --kubeconfig /state/mesh-chaos/kind/nightly/zone2.kubeconfig --context kind-mesh-chaos-nightly-zone2 --namespace metallb-system rollout status deployment/metallb-controller --timeout=300s
# wait until metallb-speaker is ready (context kind-mesh-chaos-nightly-zone2)
kubectl --kubeconfig /state/mesh-chaos/kind/nightly/zone2.kubeconfig --context kind-mesh-chaos-nightly-zone2 --namespace metallb-system rollout status daemonset/metallb-speaker --timeout=300s
# give MetalLB its addresses (context kind-mesh-chaos-nightly-zone2)
kubectl --kubeconfig /state/mesh-chaos/kind/nightly/zone2.kubeconfig --context kind-mesh-chaos-nightly-zone2 apply --server-side --field-manager=mesh-chaos -f- <<END
apiVersion: metallb.io/v1beta1
metadata:
  name: mesh-chaos
  namespace: metallb-system
kind: IPAddressPool
spec:
  addresses:
  - ${ADDRESSES_2}
---
apiVersion: metallb.io/v1beta1
metadata:
  name: mesh-chaos
  namespace: metallb-system
kind: L2Advertisement
spec:
  ipAddressPools:
  - mesh-chaos
END
# make the cluster mesh-chaos-nightly-zone3 (context kind-mesh-chaos-nightly-zone3)
#   once: it fails where it was done already
#   undo: kind delete cluster --name mesh-chaos-nightly-zone3 --kubeconfig /state/mesh-chaos/kind/nightly/zone3.kubeconfig
KIND_EXPERIMENTAL_DOCKER_NETWORK=mesh-chaos-nightly kind create cluster --name mesh-chaos-nightly-zone3 --image kindest/node:v1.34.0 --kubeconfig /state/mesh-chaos/kind/nightly/zone3.kubeconfig --wait 180s
# write one kubeconfig for all
KUBECONFIG=/state/mesh-chaos/kind/nightly/global.kubeconfig:/state/mesh-chaos/kind/nightly/zone1.kubeconfig:/state/mesh-chaos/kind/nightly/zone2.kubeconfig:/state/mesh-chaos/kind/nightly/zone3.kubeconfig kubectl config view --flatten > /state/mesh-chaos/kind/nightly/kubeconfig
# check that metallb is not there in another version (context kind-mesh-chaos-nightly-zone3)
helm list --kubeconfig /state/mesh-chaos/kind/nightly/zone3.kubeconfig --kube-context kind-mesh-chaos-nightly-zone3 --namespace metallb-system --deployed --failed --pending --filter '^metallb$' --output json
# install metallb 0.16.1 (context kind-mesh-chaos-nightly-zone3)
helm upgrade --kubeconfig /state/mesh-chaos/kind/nightly/zone3.kubeconfig --kube-context kind-mesh-chaos-nightly-zone3 --namespace metallb-system --install metallb metallb --repo https://metallb.github.io/metallb --version 0.16.1 --create-namespace --timeout 300s \
  --set frrk8s.enabled=false \
  --set speaker.frr.enabled=false
# wait until metallb-controller is ready (context kind-mesh-chaos-nightly-zone3)
kubectl --kubeconfig /state/mesh-chaos/kind/nightly/zone3.kubeconfig --context kind-mesh-chaos-nightly-zone3 --namespace metallb-system rollout status deployment/metallb-controller --timeout=300s
# wait until metallb-speaker is ready (context kind-mesh-chaos-nightly-zone3)
kubectl --kubeconfig /state/mesh-chaos/kind/nightly/zone3.kubeconfig --context kind-mesh-chaos-nightly-zone3 --namespace metallb-system rollout status daemonset/metallb-speaker --timeout=300s
# give MetalLB its addresses (context kind-mesh-chaos-nightly-zone3)
kubectl --kubeconfig /state/mesh-chaos/kind/nightly/zone3.kubeconfig --context kind-mesh-chaos-nightly-zone3 apply --server-side --field-manager=mesh-chaos -f- <<END
apiVersion: metallb.io/v1beta1
metadata:
  name: mesh-chaos
  namespace: metallb-system
kind: IPAddressPool
spec:
  addresses:
  - ${ADDRESSES_3}
---
apiVersion: metallb.io/v1beta1
metadata:
  name: mesh-chaos
  namespace: metallb-system
kind: L2Advertisement
spec:
  ipAddressPools:
  - mesh-chaos
END
# make the namespace (context kind-mesh-chaos-nightly-global)
kubectl --kubeconfig /state/mesh-chaos/kind/nightly/global.kubeconfig --context kind-mesh-chaos-nightly-global apply --server-side --field-manager=mesh-chaos -f- <<END
apiVersion: v1
kind: Namespace
metadata:
  name: kuma-system
END
# put the licence of Kong Mesh into a Secret (context kind-mesh-chaos-nightly-global)
printf %s "$KMESH_LICENSE_INLINE" | kubectl --kubeconfig /state/mesh-chaos/kind/nightly/global.kubeconfig --context kind-mesh-chaos-nightly-global --namespace kuma-system create secret generic kong-mesh-license --from-file=license.json=/dev/stdin --dry-run=client -oyaml | kubectl --kubeconfig /state/mesh-chaos/kind/nightly/global.kubeconfig --context kind-mesh-chaos-nightly-global apply --server-side -f-
# check that kong-mesh is not there in another version (context kind-mesh-chaos-nightly-global)
helm list --kubeconfig /state/mesh-chaos/kind/nightly/global.kubeconfig --kube-context kind-mesh-chaos-nightly-global --namespace kuma-system --deployed --failed --pending --filter '^kong-mesh$' --output json
# install kong-mesh 2.13.5 (context kind-mesh-chaos-nightly-global)
helm upgrade --kubeconfig /state/mesh-chaos/kind/nightly/global.kubeconfig --kube-context kind-mesh-chaos-nightly-global --namespace kuma-system --install kong-mesh kong-mesh --repo https://kong.github.io/kong-mesh-charts --version 2.13.5 --create-namespace --timeout 300s \
  --set kuma.controlPlane.mode=global \
  --set kuma.controlPlane.globalZoneSyncService.type=LoadBalancer \
  --set kuma.controlPlane.secrets.license.Env=KMESH_LICENSE_INLINE \
  --set kuma.controlPlane.secrets.license.Secret=kong-mesh-license \
  --set kuma.controlPlane.secrets.license.Key=license.json
# wait until kong-mesh-control-plane is ready (context kind-mesh-chaos-nightly-global)
kubectl --kubeconfig /state/mesh-chaos/kind/nightly/global.kubeconfig --context kind-mesh-chaos-nightly-global --namespace kuma-system rollout status deployment/kong-mesh-control-plane --timeout=300s
# wait for the address at which zones reach the global control plane (context kind-mesh-chaos-nightly-global)
kubectl --kubeconfig /state/mesh-chaos/kind/nightly/global.kubeconfig --context kind-mesh-chaos-nightly-global --namespace kuma-system wait service/kong-mesh-global-zone-sync '--for=jsonpath={.status.loadBalancer.ingress[0]}' --timeout=300s
KDS_ADDRESS=$(kubectl --kubeconfig /state/mesh-chaos/kind/nightly/global.kubeconfig --context kind-mesh-chaos-nightly-global --namespace kuma-system get service/kong-mesh-global-zone-sync '-ojsonpath={.status.loadBalancer.ingress[0].ip}{.status.loadBalancer.ingress[0].hostname}'):5685
# check that kong-mesh is not there in another version (context kind-mesh-chaos-nightly-zone1)
helm list --kubeconfig /state/mesh-chaos/kind/nightly/zone1.kubeconfig --kube-context kind-mesh-chaos-nightly-zone1 --namespace kuma-system --deployed --failed --pending --filter '^kong-mesh$' --output json
# install kong-mesh 2.13.5 (context kind-mesh-chaos-nightly-zone1)
helm upgrade --kubeconfig /state/mesh-chaos/kind/nightly/zone1.kubeconfig --kube-context kind-mesh-chaos-nightly-zone1 --namespace kuma-system --install kong-mesh kong-mesh --repo https://kong.github.io/kong-mesh-charts --version 2.13.5 --create-namespace --timeout 300s \
  --set kuma.controlPlane.mode=zone \
  --set kuma.controlPlane.zone=zone1 \
  --set "kuma.controlPlane.kdsGlobalAddress=grpcs://${KDS_ADDRESS}" \
  --set kuma.controlPlane.tls.kdsZoneClient.skipVerify=true \
  --set kuma.ingress.enabled=true \
  --set kuma.egress.enabled=true
# check that kong-operator is not there in another version (context kind-mesh-chaos-nightly-zone1)
helm list --kubeconfig /state/mesh-chaos/kind/nightly/zone1.kubeconfig --kube-context kind-mesh-chaos-nightly-zone1 --namespace kong-system --deployed --failed --pending --filter '^kong-operator$' --output json
# install kong-operator 1.3.1 (context kind-mesh-chaos-nightly-zone1)
helm upgrade --kubeconfig /state/mesh-chaos/kind/nightly/zone1.kubeconfig --kube-context kind-mesh-chaos-nightly-zone1 --namespace kong-system --install kong-operator kong-operator --repo https://charts.konghq.com --version 1.3.1 --create-namespace --timeout 300s
# wait until kong-mesh-control-plane is ready (context kind-mesh-chaos-nightly-zone1)
kubectl --kubeconfig /state/mesh-chaos/kind/nightly/zone1.kubeconfig --context kind-mesh-chaos-nightly-zone1 --namespace kuma-system rollout status deployment/kong-mesh-control-plane --timeout=300s
# wait until kong-mesh-ingress is ready (context kind-mesh-chaos-nightly-zone1)
kubectl --kubeconfig /state/mesh-chaos/kind/nightly/zone1.kubeconfig --context kind-mesh-chaos-nightly-zone1 --namespace kuma-system rollout status deployment/kong-mesh-ingress --timeout=300s
# wait until kong-mesh-egress is ready (context kind-mesh-chaos-nightly-zone1)
kubectl --kubeconfig /state/mesh-chaos/kind/nightly/zone1.kubeconfig --context kind-mesh-chaos-nightly-zone1 --namespace kuma-system rollout status deployment/kong-mesh-egress --timeout=300s
# wait until kong-operator-kong-operator-controller-manager is ready (context kind-mesh-chaos-nightly-zone1)
kubectl --kubeconfig /state/mesh-chaos/kind/nightly/zone1.kubeconfig --context kind-mesh-chaos-nightly-zone1 --namespace kong-system rollout status deployment/kong-operator-kong-operator-controller-manager --timeout=300s
# check that kong-mesh is not there in another version (context kind-mesh-chaos-nightly-zone2)
helm list --kubeconfig /state/mesh-chaos/kind/nightly/zone2.kubeconfig --kube-context kind-mesh-chaos-nightly-zone2 --namespace kuma-system --deployed --failed --pending --filter '^kong-mesh$' --output json
# install kong-mesh 2.13.5 (context kind-mesh-chaos-nightly-zone2)
helm upgrade --kubeconfig /state/mesh-chaos/kind/nightly/zone2.kubeconfig --kube-context kind-mesh-chaos-nightly-zone2 --namespace kuma-system --install kong-mesh kong-mesh --repo https://kong.github.io/kong-mesh-charts --version 2.13.5 --create-namespace --timeout 300s \
  --set kuma.controlPlane.mode=zone \
  --set kuma.controlPlane.zone=zone2 \
  --set "kuma.controlPlane.kdsGlobalAddress=grpcs://${KDS_ADDRESS}" \
  --set kuma.controlPlane.tls.kdsZoneClient.skipVerify=true \
  --set kuma.ingress.enabled=true \
  --set kuma.egress.enabled=true
# check that kong-operator is not there in another version (context kind-mesh-chaos-nightly-zone2)
helm list --kubeconfig /state/mesh-chaos/kind/nightly/zone2.kubeconfig --kube-context kind-mesh-chaos-nightly-zone2 --namespace kong-system --deployed --failed --pending --filter '^kong-operator$' --output json
# install kong-operator 1.3.1 (context kind-mesh-chaos-nightly-zone2)
helm upgrade --kubeconfig /state/mesh-chaos/kind/nightly/zone2.kubeconfig --kube-context kind-mesh-chaos-nightly-zone2 --namespace kong-system --install kong-operator kong-operator --repo https://charts.konghq.com --version 1.3.1 --create-namespace --timeout 300s
# wait until kong-mesh-control-plane is ready (context kind-mesh-chaos-nightly-zone2)
kubectl --kubeconfig /state/mesh-chaos/kind/nightly/zone2.kubeconfig --context kind-mesh-chaos-nightly-zone2 --namespace kuma-system rollout status deployment/kong-mesh-control-plane --timeout=300s
# wait until kong-mesh-ingress is ready (context kind-mesh-chaos-nightly-zone2)
kubectl --kubeconfig /state/mesh-chaos/kind/nightly/zone2.kubeconfig --context kind-mesh-chaos-nightly-zone2 --namespace kuma-system rollout status deployment/kong-mesh-ingress --timeout=300s
# wait until kong-mesh-egress is ready (context kind-mesh-chaos-nightly-zone2)
kubectl --kubeconfig /state/mesh-chaos/kind/nightly/zone2.kubeconfig --context kind-mesh-chaos-nightly-zone2 --namespace kuma-system rollout status deployment/kong-mesh-egress --timeout=300s
# wait until kong-operator-kong-operator-controller-manager is ready (context kind-mesh-chaos-nightly-zone2)
kubectl --kubeconfig /state/mesh-chaos/kind/nightly/zone2.kubeconfig --context kind-mesh-chaos-nightly-zone2 --namespace kong-system rollout status deployment/kong-operator-kong-operator-controller-manager --timeout=300s
# check that kong-mesh is not there in another version (context kind-mesh-chaos-nightly-zone3)
helm list --kubeconfig /state/mesh-chaos/kind/nightly/zone3.kubeconfig --kube-context kind-mesh-chaos-nightly-zone3 --namespace kuma-system --deployed --failed --pending --filter '^kong-mesh$' --output json
# install kong-mesh 2.13.5 (context kind-mesh-chaos-nightly-zone3)
helm upgrade --kubeconfig /state/mesh-chaos/kind/nightly/zone3.kubeconfig --kube-context kind-mesh-chaos-nightly-zone3 --namespace kuma-system --install kong-mesh kong-mesh --repo https://kong.github.io/kong-mesh-charts --version 2.13.5 --create-namespace --timeout 300s \
  --set kuma.controlPlane.mode=zone \
  --set kuma.controlPlane.zone=zone3 \
  --set "kuma.controlPlane.kdsGlobalAddress=grpcs://${KDS_ADDRESS}" \
  --set kuma.controlPlane.tls.kdsZoneClient.skipVerify=true \
  --set kuma.ingress.enabled=true \
  --set kuma.egress.enabled=true
# check that kong-operator is not there in another version (context kind-mesh-chaos-nightly-zone3)
helm list --kubeconfig /state/mesh-chaos/kind/nightly/zone3.kubeconfig --kube-context kind-mesh-chaos-nightly-zone3 --namespace kong-system --deployed --failed --pending --filter '^kong-operator$' --output json
# install kong-operator 1.3.1 (context kind-mesh-chaos-nightly-zone3)
helm upgrade --kubeconfig /state/mesh-chaos/kind/nightly/zone3.kubeconfig --kube-context kind-mesh-chaos-nightly-zone3 --namespace kong-system --install kong-operator kong-operator --repo https://charts.konghq.com --version 1.3.1 --create-namespace --timeout 300s
# wait until kong-mesh-control-plane is ready (context kind-mesh-chaos-nightly-zone3)
kubectl --kubeconfig /state/mesh-chaos/kind/nightly/zone3.kubeconfig --context kind-mesh-chaos-nightly-zone3 --namespace kuma-system rollout status deployment/kong-mesh-control-plane --timeout=300s
# wait until kong-mesh-ingress is ready (context kind-mesh-chaos-nightly-zone3)
kubectl --kubeconfig /state/mesh-chaos/kind/nightly/zone3.kubeconfig --context kind-mesh-chaos-nightly-zone3 --namespace kuma-system rollout status deployment/kong-mesh-ingress --timeout=300s
# wait until kong-mesh-egress is ready (context kind-mesh-chaos-nightly-zone3)
kubectl --kubeconfig /state/mesh-chaos/kind/nightly/zone3.kubeconfig --context kind-mesh-chaos-nightly-zone3 --namespace kuma-system rollout status deployment/kong-mesh-egress --timeout=300s
# wait until kong-operator-kong-operator-controller-manager is ready (context kind-mesh-chaos-nightly-zone3)
kubectl --kubeconfig /state/mesh-chaos/kind/nightly/zone3.kubeconfig --context kind-mesh-chaos-nightly-zone3 --namespace kong-system rollout status deployment/kong-operator-kong-operator-controller-manager --timeout=300s
